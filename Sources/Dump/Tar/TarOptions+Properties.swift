// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import NearestName

/// How amgtar reads its properties.
///
/// Source: amgtar(8) and the options that amgtar 3.5.1 takes, tried one by one. Differences on purpose: XATTRS, ACLS and
/// SELINUX refuse what is neither YES nor NO (amgtar takes it for NO), a bad TAR-BLOCKSIZE is refused here rather than
/// by tar, EXIT-HANDLING `1=BAD` counts, and of COMMAND-OPTIONS some are refused (`TarOptionTable`).
extension TarOptions {
    private static let knownNames = [
        "acls", "atime-preserve", "check-device", "command-options", "directory", "exclude-list-glob",
        "exit-handling", "gnutar-listdir", "gnutar-path", "ignore", "ignore-zeros", "include-list-glob",
        "no-unquote", "normal", "one-file-system", "selinux", "sparse", "strange", "tar-blocksize", "verbose",
        "xattrs",
    ]

    mutating func apply(_ properties: [DLEDescription.Property]) throws(DumpError) {
        var words: [String] = []
        for property in properties {
            let name = Self.folded(property.name)
            if name == "command-options" {
                words += property.values
            } else if try !applyList(name, property.values) {
                try apply(name, property.values.last ?? "")
            }
        }
        try applyCommandOptions(words)
    }

    /// The properties that may have several values.
    private mutating func applyList(_ name: String, _ values: [String]) throws(DumpError) -> Bool {
        switch name {
        case "normal": messageRules.normal += try TarMessageRules.checked(values, of: name)
        case "ignore": messageRules.ignored += try TarMessageRules.checked(values, of: name)
        case "strange": messageRules.strange += try TarMessageRules.checked(values, of: name)
        case "exit-handling": for value in values { try applyExitHandling(value) }
        default: return false
        }
        return true
    }

    private mutating func apply(_ name: String, _ value: String) throws(DumpError) {
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
        case "ignore-zeros": ignoresZeros = try yesOrNo(name, value)
        case "tar-blocksize":
            guard let factor = Self.blockingFactor(value) else {
                throw .badProperty(name: name, value: value, expected: "a number from 1 to 2048")
            }
            blockingFactor = factor
        // No bearing on a dump, in amgtar either.
        case "verbose", "include-list-glob", "exclude-list-glob": break
        default:
            throw .unknownProperty(name: name, nearest: nearestName(to: name, among: Self.knownNames))
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

    /// Shape: `STATUS=GOOD` and `STATUS=BAD`, separated by blanks.
    private mutating func applyExitHandling(_ value: String) throws(DumpError) {
        for word in value.split(separator: " ") {
            let pieces = word.uppercased().split(separator: "=").map(String.init)
            guard pieces.count == 2, let status = Int32(pieces[0]), (0...255).contains(status),
                ["GOOD", "BAD"].contains(pieces[1])
            else {
                throw .badProperty(
                    name: "exit-handling", value: value, expected: "words such as 1=GOOD and 2=BAD")
            }
            if pieces[1] == "GOOD" {
                goodStatuses.insert(status)
            } else {
                goodStatuses.remove(status)
            }
        }
    }
}
