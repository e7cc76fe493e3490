// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// What the application's properties ask of GNU tar, as amgtar reads them.
///
/// Source: Amanda 3.5.1 `application-src/amgtar.c`: names without case, `_` as `-`; values YES and NO.
public struct TarOptions: Sendable, Equatable {
    /// GNUTAR-PATH: an absolute path.
    public var gnutarPath = "/usr/bin/tar"
    /// GNUTAR-LISTDIR: where the snapshots of recorded dumps stay.
    public var snapshotDirectory = "/var/lib/amanda/gnutar-lists"
    /// DIRECTORY: read or written instead of the DLE's device.
    public var directory: String?
    /// ONE-FILE-SYSTEM
    public var staysOnOneFileSystem = true
    /// SPARSE
    public var isSparse = true
    /// ATIME-PRESERVE
    public var preservesAccessTimes = true
    /// CHECK-DEVICE
    public var checksDevice = true
    /// NO-UNQUOTE
    public var leavesNamesQuoted = false
    /// ACLS
    public var hasACLs = false
    /// SELINUX
    public var hasSELinux = false
    /// XATTRS
    public var hasXattrs = false
    /// TAR-BLOCKSIZE: 512-byte records a block. amgtar leaves tar's own 20; 128 doubles the rate on big files.
    public var blockingFactor = 128
    /// Properties that we do not know, by name: for a note.
    public var unusedProperties: [String] = []

    /// amgtar's defaults.
    public init() {}

    /// - Throws: `DumpError.badProperty` for a value that the property cannot have.
    public init(properties: [DLEDescription.Property]) throws(DumpError) {
        for property in properties {
            try apply(name: Self.folded(property.name), value: property.values.last ?? "")
        }
    }

    /// `xattrs`, `acls`, `selinux`: what a restore must ask tar for again.
    public var attributes: [String] {
        [hasXattrs ? "xattrs" : nil, hasACLs ? "acls" : nil, hasSELinux ? "selinux" : nil].compactMap { $0 }
    }

    private mutating func apply(name: String, value: String) throws(DumpError) {
        switch name {
        case "gnutar-path": gnutarPath = try absolute(name, value)
        case "gnutar-listdir": snapshotDirectory = try absolute(name, value)
        case "directory": directory = try absolute(name, value)
        case "one-file-system": staysOnOneFileSystem = try yesOrNo(name, value)
        case "sparse": isSparse = try yesOrNo(name, value)
        case "atime-preserve": preservesAccessTimes = try yesOrNo(name, value)
        case "check-device": checksDevice = try yesOrNo(name, value)
        case "no-unquote": leavesNamesQuoted = try yesOrNo(name, value)
        case "acls": hasACLs = try yesOrNo(name, value)
        case "selinux": hasSELinux = try yesOrNo(name, value)
        case "xattrs": hasXattrs = try yesOrNo(name, value)
        case "tar-blocksize":
            guard let factor = Int(value), (1...2048).contains(factor) else {
                throw .badProperty(name: name, value: value, expected: "a number from 1 to 2048")
            }
            blockingFactor = factor
        default: unusedProperties.append(name)
        }
    }

    private func yesOrNo(_ name: String, _ value: String) throws(DumpError) -> Bool {
        switch value.lowercased() {
        case "yes": true
        case "no": false
        default: throw .badProperty(name: name, value: value, expected: "YES or NO")
        }
    }

    private func absolute(_ name: String, _ value: String) throws(DumpError) -> String {
        guard value.hasPrefix("/") else {
            throw .badProperty(name: name, value: value, expected: "an absolute path")
        }
        return value
    }

    private static func folded(_ name: String) -> String {
        String(name.lowercased().map { $0 == "_" ? "-" : $0 })
    }
}
