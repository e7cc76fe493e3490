// SPDX-License-Identifier: Apache-2.0

import Logging
public import Settings

extension AgentSettings {
    /// Reads `agent.json`.
    ///
    /// - Parameters:
    ///   - file: the file's name, as errors give it.
    ///   - directory: the file's directory, without a slash at its end: what relative paths are relative to.
    public init(parsing bytes: [UInt8], file: String, directory: String) throws(SettingsError) {
        var settings = try SettingsReader(parsing: bytes, file: file)
        try settings.format(WireJSON.format)
        node = try settings.label("node", of: "a node's name")
        cluster = try settings.label("cluster", of: "a cluster's name")
        listen = try settings.listenAddress("listen")
        var tls = try settings.object("tls")
        self.tls = IdentityFiles(
            authority: try tls.path("authority", in: directory),
            certificate: try tls.path("certificate", in: directory),
            privateKey: try tls.path("privateKey", in: directory))
        try tls.finish()
        storage = try settings.storageAccess("storage", in: directory)
        amandaDirectory =
            try settings.optionalPath("amandaDirectory", in: directory) ?? Self.defaultAmandaDirectory
        stateDirectory =
            try settings.optionalPath("stateDirectory", in: directory) ?? Self.defaultStateDirectory
        logLevel = try settings.optionalLogLevel("logLevel") ?? Self.defaultLogLevel
        guard node != BucketLayout.reservedName else { throw settings.badValue("node", "is reserved") }
        try settings.finish()
    }
}

extension SettingsReader {
    fileprivate mutating func path(_ key: String, in directory: String) throws(SettingsError) -> String {
        try absolute(string(key), key, in: directory)
    }

    fileprivate mutating func optionalPath(
        _ key: String, in directory: String
    ) throws(SettingsError) -> String? {
        guard let path = try optionalString(key) else { return nil }
        guard !path.isEmpty else { throw badValue(key, "is empty", hint: "write a path or remove the key.") }
        return try absolute(path, key, in: directory)
    }

    private func absolute(
        _ path: String, _ key: String, in directory: String
    ) throws(SettingsError) -> String {
        // The kernel would end the path there.
        guard !path.utf8.contains(0) else { throw badValue(key, "holds a NUL", hint: "write a path.") }
        var path = path
        while path.hasPrefix("./") { path.removeFirst(2) }
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path.hasPrefix("/") ? path : "\(directory)/\(path)"
    }

    fileprivate mutating func optionalLogLevel(_ key: String) throws(SettingsError) -> Logger.Level? {
        try optionalChoice(key, among: Logger.Level.allCases.map(\.rawValue)).flatMap(
            Logger.Level.init(rawValue:))
    }

    fileprivate mutating func label(_ key: String, of what: String) throws(SettingsError) -> String {
        let text = try string(key)
        let isLabel =
            (1...63).contains(text.utf8.count) && !text.hasPrefix("-") && !text.hasSuffix("-")
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
        guard isLabel else {
            throw badValue(
                key, "cannot be \(what), found '\(text)'",
                hint: "use lower-case letters, digits and '-', at most 63, as in a host name.")
        }
        return text
    }

    fileprivate mutating func listenAddress(
        _ key: String
    ) throws(SettingsError) -> AgentSettings.ListenAddress {
        let text = try optionalString(key) ?? AgentSettings.defaultListen
        guard let address = AgentSettings.ListenAddress(text) else {
            throw badValue(
                key, "must be an address and a port, found '\(text)'", hint: "write \"0.0.0.0:7443\".")
        }
        return address
    }

    fileprivate mutating func storageAccess(
        _ key: String, in directory: String
    ) throws(SettingsError) -> AgentSettings.StorageAccess {
        guard var storage = try optionalObject(key) else { return .init() }
        let access = AgentSettings.StorageAccess(
            credentialsFile: try storage.optionalPath("credentialsFile", in: directory),
            authority: try storage.optionalPath("authority", in: directory),
            addressing: try storage.addressing("addressing"))
        try storage.finish()
        return access
    }

    private mutating func addressing(
        _ key: String
    ) throws(SettingsError) -> StorageAddress.Addressing? {
        guard let text = try optionalString(key) else { return nil }
        guard let addressing = StorageAddress.Addressing(rawValue: text) else {
            throw badValue(key, "must be \"path\" or \"virtualHost\", found '\(text)'")
        }
        return addressing
    }
}
