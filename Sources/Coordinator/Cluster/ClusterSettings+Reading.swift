// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import NearestName
public import Settings

extension ClusterSettings {
    /// Reads and checks the whole of `cluster.json`.
    ///
    /// - Parameter file: its name, for errors.
    public init(parsing bytes: [UInt8], file: String) throws(SettingsError) {
        var reader = try SettingsReader(parsing: bytes, file: file)
        try reader.format(1)
        cluster = try reader.checked("cluster", ClusterName.labelFault)
        clusterID = try reader.optionalString("clusterID")
        if let clusterID, let fault = ClusterID.fault(clusterID) { throw reader.badValue("clusterID", fault) }
        storage = try Storage(reader.object("storage"))
        tls = try TLSFiles(reader.object("tls"))
        recovery = try reader.optionalStrings("recovery")
        if let fault = Self.recoveryFault(recovery ?? []) { throw reader.badValue(fault.path, fault.text) }
        configurations = try Configurations(reader.object("configurations"))
        limits = try reader.optionalObject("limits").map(Limits.init(_:)) ?? Limits()
        plausibility =
            try reader.optionalObject("plausibility").map(Plausibility.init(settings:)) ?? Plausibility()
        nodes = try Self.nodes(reader.optionalArray("nodes") ?? [])
        try reader.finish()
    }

    private static func recoveryFault(_ paths: [String]) -> (path: String, text: String)? {
        for (index, path) in paths.enumerated() {
            if path.isEmpty { return ("recovery[\(index)]", "must not be empty") }
            if paths[..<index].contains(path) { return ("recovery[\(index)]", "is '\(path)' a second time") }
        }
        return nil
    }

    private static func nodes(_ readers: [SettingsReader]) throws(SettingsError) -> [Node] {
        var nodes: [Node] = []
        for reader in readers {
            let node = try Node(reader)
            if let first = nodes.firstIndex(where: { $0.name == node.name }) {
                throw reader.badValue(
                    "name", "is '\(node.name)', as nodes[\(first)] is: give each node its own")
            }
            if let first = nodes.firstIndex(where: { $0.address == node.address }) {
                throw reader.badValue("address", "is '\(node.address)', as nodes[\(first)]'s is")
            }
            nodes.append(node)
        }
        return nodes
    }
}

extension ClusterSettings.Storage {
    init(_ settings: SettingsReader) throws(SettingsError) {
        var reader = settings
        let bucket = try reader.checked("bucket") { name in
            name.isEmpty || name.utf8.contains(UInt8(ascii: "/")) || name.utf8.contains(where: Self.isControl)
                ? "must be a bucket's name, found '\(name)'" : nil
        }
        let prefix = try reader.optionalString("prefix") ?? ""
        if let fault = Self.prefixFault(prefix) { throw reader.badValue("prefix", fault) }
        let region = try reader.checked("region") { $0.isEmpty ? "must not be empty" : nil }
        let endpoint = try reader.optionalString("endpoint")
        if let endpoint, let fault = Self.endpointFault(endpoint) { throw reader.badValue("endpoint", fault) }
        address = StorageAddress(
            bucket: bucket, prefix: prefix, region: region, endpoint: endpoint,
            addressing: try Self.addressing(&reader), kmsKeyID: try reader.optionalString("kmsKeyID"))
        credentialsFile = try reader.optionalString("credentialsFile")
        authority = try reader.optionalString("authority")
        try reader.finish()
    }

    /// Why `prefix` cannot be one; nil where it can.
    static func prefixFault(_ prefix: String) -> String? {
        let slash = UInt8(ascii: "/")
        if prefix.utf8.first == slash || prefix.utf8.last == slash {
            return "must not begin or end with '/', found '\(prefix)'"
        }
        if prefix.utf8.contains(where: isControl) { return "must not hold control characters" }
        let names = prefix.utf8.split(separator: slash, omittingEmptySubsequences: false)
        return names.count > 1 && names.contains(where: \.isEmpty)
            ? "must not hold '//', found '\(prefix)'" : nil
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

    /// Why `endpoint` cannot be one; nil where it can.
    static func endpointFault(_ endpoint: String) -> String? {
        let rest = ["https://", "http://"].first(where: endpoint.hasPrefix).map {
            endpoint.dropFirst($0.count)
        }
        guard let rest, !rest.isEmpty, !rest.contains("/") else {
            return "must be https://HOST[:PORT] or http://HOST[:PORT], found '\(endpoint)'"
        }
        return nil
    }

    private static func addressing(
        _ reader: inout SettingsReader
    ) throws(SettingsError) -> StorageAddress.Addressing? {
        guard let word = try reader.optionalString("addressing") else { return nil }
        if let addressing = StorageAddress.Addressing(rawValue: word) { return addressing }
        let known = StorageAddress.Addressing.allCases.map(\.rawValue)
        throw reader.badValue(
            "addressing", "must be 'path' or 'virtualHost', found '\(word)'",
            hint: nearestName(to: word, among: known).map { "write '\($0)'." })
    }
}

extension ClusterSettings.TLSFiles {
    init(_ settings: SettingsReader) throws(SettingsError) {
        var reader = settings
        let path: (String) -> String? = { $0.isEmpty ? "must not be empty" : nil }
        self.init(
            authority: try reader.checked("authority", path),
            authorityKey: try reader.optionalString("authorityKey"),
            certificate: try reader.checked("certificate", path),
            privateKey: try reader.checked("privateKey", path))
        try reader.finish()
    }
}

extension ClusterSettings.Configurations {
    init(_ settings: SettingsReader) throws(SettingsError) {
        var reader = settings
        selfBackup = try reader.checked("self", ClusterName.configurationFault)
        data = try reader.optionalStrings("data") ?? []
        for (index, name) in data.enumerated() {
            let fault =
                ClusterName.configurationFault(name)
                ?? (name == selfBackup ? "is '\(name)', which is the self-backup already" : nil)
                ?? (data[..<index].contains(name) ? "is '\(name)' a second time" : nil)
            if let fault { throw reader.badValue("data[\(index)]", fault) }
        }
        try reader.finish()
    }
}

extension ClusterSettings.Limits {
    /// A TiB a second.
    private static let highestRate = 1 << 20

    init(_ settings: SettingsReader) throws(SettingsError) {
        var reader = settings
        self.init()
        agentLost = try reader.limit("agentLost", atLeast: .seconds(10)) ?? agentLost
        storageOutage = try reader.limit("storageOutage", atLeast: .seconds(1)) ?? storageOutage
        // A store that is away shows no byte either.
        stalled =
            try reader.limit("stalled", atLeast: .seconds(1)) ?? max(stalled, storageOutage + .seconds(600))
        run = try reader.limit("run", atLeast: .seconds(1))
        holdAfter = try reader.limit("holdAfter", atLeast: .seconds(1)) ?? min(holdAfter, storageOutage)
        sendMiBPerSecond = try reader.optionalInteger("sendMiBPerSecond", in: 1...Self.highestRate)
        receiveMiBPerSecond = try reader.optionalInteger("receiveMiBPerSecond", in: 1...Self.highestRate)
        try reader.finish()
    }
}

extension Plausibility {
    fileprivate init(settings: SettingsReader) throws(SettingsError) {
        var reader = settings
        self.init()
        bytes = try reader.optionalFraction("bytes", in: Self.shares) ?? bytes
        names = try reader.optionalFraction("names", in: Self.shares) ?? names
        try reader.finish()
    }
}

extension ClusterSettings.Node {
    init(_ settings: SettingsReader) throws(SettingsError) {
        var reader = settings
        name = try reader.checked("name", ClusterName.nodeFault)
        let text = try reader.string("address")
        guard let address = AgentAddress(text) else {
            throw reader.badValue(
                "address", "must be HOST:PORT, found '\(text)'",
                hint: "an IPv6 address stands in brackets: [::1]:7443.")
        }
        self.address = address
        restore = try reader.optionalObject("restore").map(RestoreCommands.init(settings:))
        try reader.finish()
    }
}

extension RestoreCommands {
    /// Of a node: `"restore": {"before": "systemctl stop vertica", "after": "systemctl start vertica", "limit": "10m"}`.
    fileprivate init(settings: SettingsReader) throws(SettingsError) {
        var reader = settings
        self.init()
        before = try reader.command("before")
        after = try reader.command("after")
        afterFailure = try reader.command("afterFailure")
        let longest = Duration.seconds(Self.limitSecondsRange.upperBound)
        if let limit = try reader.limit("limit", atLeast: .seconds(1), atMost: longest) {
            limitSeconds = Int(limit.components.seconds)
        }
        try reader.finish()
    }
}

extension SettingsReader {
    /// A required text that `fault` finds nothing wrong with.
    fileprivate mutating func checked(
        _ key: String, _ fault: (String) -> String?
    ) throws(SettingsError) -> String {
        let text = try string(key)
        if let fault = fault(text) { throw badValue(key, fault) }
        return text
    }

    /// A line for a shell, which travels with a job.
    fileprivate mutating func command(_ key: String) throws(SettingsError) -> String? {
        guard let text = try optionalString(key) else { return nil }
        let limit = 4096
        guard !text.isEmpty, text.utf8.count <= limit, !text.utf8.contains(0) else {
            throw badValue(
                key, "must be a command of 1 to \(limit) bytes",
                hint: "put more into a script, and call that.")
        }
        return text
    }

    /// - Parameter most: where nothing else is said, what an agent takes.
    fileprivate mutating func limit(
        _ key: String, atLeast least: Duration,
        atMost most: Duration = .seconds(JobRequest.longestLimitSeconds)
    ) throws(SettingsError) -> Duration? {
        guard let limit = try optionalDuration(key) else { return nil }
        guard limit >= least else {
            throw badValue(key, "must be at least \(least.components.seconds)s")
        }
        guard limit <= most else {
            throw badValue(key, "must be at most \(most.components.seconds)s")
        }
        return limit
    }
}
