// SPDX-License-Identifier: Apache-2.0

import Faults

/// An `amanda.conf` and its disklist as far as they can be read, and everything that is wrong with the two.
///
/// One cause is one fault: nothing is said of what refers to something faulty.
public struct ConfigurationReading: Sendable {
    /// What could be read; whole where there are no faults.
    public let configuration: AmandaConfiguration
    /// What could be read; nil before `readDisklist`.
    public private(set) var disklist: Disklist?
    /// In the order of the lines, those of `amanda.conf` first, an included file's in its place.
    public private(set) var faults: [ConfigurationFault]

    /// Reads an `amanda.conf`; the parameters are those of `AmandaConfiguration.init`.
    public init(
        parsing bytes: [UInt8], file: String, include: @escaping (_ path: String) throws -> [UInt8]
    ) {
        let pieces = file.split(separator: "/", omittingEmptySubsequences: false)
        let directory = pieces.count > 1 ? pieces.dropLast().joined(separator: "/") : "."
        let name = pieces.dropLast().last.map(String.init) ?? ""
        var parser = ConfigurationParser(file: file, directory: directory, include: include)
        parser.read(bytes, file: file)
        parser.complete(configurationName: name)
        configuration = AmandaConfiguration(name: name, directory: directory, document: parser.document)
        faults = Self.bounded(parser.orderedFaults, of: file)
    }

    /// Whether a global parameter's value is certain: it is set, or surely nowhere.
    public func isKnown(_ parameter: String) -> Bool {
        configuration.document.global.isSet(parameter) || !configuration.document.losses.maySet(parameter)
    }

    /// Whether a global parameter stands there, and what it says cannot be read.
    public func isGarbled(_ parameter: String) -> Bool {
        configuration.document.losses.hasLost(parameter)
    }

    /// Reads the disklist, and joins its faults.
    public mutating func readDisklist(
        _ bytes: [UInt8], file: String, include: @escaping (_ path: String) throws -> [UInt8]
    ) {
        var parser = DisklistParser(configuration, include: include)
        parser.read(bytes, file: file)
        disklist = Disklist(entries: parser.entries, remarks: parser.remarks)
        faults += Self.bounded(parser.orderedFaults, of: file)
    }

    /// Faults of a file and what it includes that are told: a file that is something else has one in each line.
    static let faultLimit = 200

    private static func bounded(_ faults: [ConfigurationFault], of file: String) -> [ConfigurationFault] {
        guard faults.count > faultLimit else { return faults }
        let more = ConfigurationFault(
            FaultPlace(file: file), "\(faults.count - faultLimit) faults more",
            hint: "see whether the file is what it should be.")
        return faults.prefix(faultLimit) + [more]
    }
}
