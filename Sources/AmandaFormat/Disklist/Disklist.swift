// SPDX-License-Identifier: Apache-2.0

public import Faults

/// A `disklist`, read together with the configuration that its dumptypes come from.
///
/// Shape of an entry: `host disk [device] dumptype [spindle [interface]]`, where `{`, lines as in a
/// `define dumptype`, and `}` may stand for the dumptype. Source: disklist(5), Amanda 3.5.1
/// `server-src/diskfile.c`.
public struct Disklist: Sendable {
    /// In the order of the file, included ones in their places.
    public let entries: [DisklistEntry]
    /// Hidden characters in its entries, which keep nothing from being dumped.
    public let remarks: [Remark]

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
        let faults = parser.orderedFaults
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        (entries, remarks) = (parser.entries, parser.remarks)
    }

    init(entries: [DisklistEntry], remarks: [Remark]) {
        (self.entries, self.remarks) = (entries, remarks)
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
}
