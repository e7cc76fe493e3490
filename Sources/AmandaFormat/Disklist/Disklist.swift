// SPDX-License-Identifier: Apache-2.0

/// A `disklist`, read together with the configuration that its dumptypes come from.
///
/// Shape of an entry: `host disk [device] dumptype [spindle [interface]]`, where `{`, lines as in a
/// `define dumptype`, and `}` may stand for the dumptype. Source: disklist(5), Amanda 3.5.1
/// `server-src/diskfile.c`.
public struct Disklist: Sendable {
    /// In the order of the file, included ones in their places.
    public let entries: [DisklistEntry]

    /// Reads a disklist.
    ///
    /// - Parameters:
    ///   - bytes: The contents of `file`; need not be UTF-8.
    ///   - include: Reads a file that `includefile` names, relative names made absolute.
    /// - Throws: every fault that one pass can find.
    public init(
        parsing bytes: [UInt8], file: String, configuration: AmandaConfiguration,
        include: @escaping (_ path: String) throws -> [UInt8]
    ) throws(ConfigurationError) {
        var parser = DisklistParser(configuration, include: include)
        parser.read(bytes, file: file)
        guard parser.faults.isEmpty else { throw ConfigurationError(parser.faults) }
        entries = parser.entries
    }

    /// Reads a disklist that includes no other file, or whose other files are text too.
    public init(
        parsing text: String, file: String, configuration: AmandaConfiguration,
        include: @escaping (_ path: String) throws -> String
    ) throws(ConfigurationError) {
        try self.init(parsing: text.amandaBytes, file: file, configuration: configuration) {
            try include($0).amandaBytes
        }
    }

    /// Entries to dump: all but those of `ignore yes` and `strategy skip`.
    public var activeEntries: [DisklistEntry] {
        entries.filter { !$0.dumptype.isSkipped }
    }

    /// What asks for more than this version can do: a foreign host, a dumptype's wishes, the changer.
    ///
    /// - Parameter ownNames: `localhost`, the node's name, its hostname and FQDN.
    public func refusals(
        configuration: AmandaConfiguration, ownNames: Set<String>
    ) -> [ConfigurationFault] {
        var refusals: [ConfigurationFault] = []
        for entry in activeEntries {
            let disk = "\(entry.host) \(entry.diskName)"
            if !entry.isHost(amongst: ownNames) {
                refusals.append(
                    ConfigurationFault(
                        entry.place,
                        "\(disk): host '\(entry.host)' is not this node, and needs Amanda's network client",
                        hint: "write localhost, or move the entry to that node's own disklist."))
            }
            if entry.dumptype.holding == .required, configuration.holdingDisks.isEmpty {
                refusals.append(
                    ConfigurationFault(
                        entry.place,
                        "\(disk): dumptype '\(entry.dumptype.name)' says holdingdisk required, and there is no holding disk",
                        hint: "define one and name it, or write holdingdisk auto."))
            }
            for refusal in entry.dumptype.refusals {
                refusals.append(
                    ConfigurationFault(
                        entry.place,
                        "\(disk): \(refusal.what) (dumptype '\(entry.dumptype.name)', \(refusal.place))",
                        hint: refusal.hint))
            }
        }
        if !activeEntries.isEmpty {
            do {
                _ = try configuration.changer()
            } catch {
                refusals += error.faults
            }
        }
        return refusals
    }

    /// Throws all refusals, if there are any.
    public func requireSupported(
        configuration: AmandaConfiguration, ownNames: Set<String>
    ) throws(ConfigurationError) {
        let refusals = refusals(configuration: configuration, ownNames: ownNames)
        guard refusals.isEmpty else { throw ConfigurationError(refusals) }
    }
}
