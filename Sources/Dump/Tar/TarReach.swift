// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// Where in a disk's directory tar goes, as far as the application's properties have a say.
public struct TarReach: Sendable {
    /// That tar reads, by the disklist or the application's DIRECTORY.
    public let directory: String
    /// Whether tar leaves out what is mounted inside.
    public let staysOnOneFileSystem: Bool
    /// Patterns that COMMAND-OPTIONS excludes beside those of the dumptype.
    public let excludes: [[UInt8]]

    /// - Parameters:
    ///   - dle: its properties; where amgtar would refuse one, none counts.
    ///   - device: that is read unless the application says otherwise.
    public init(_ dle: DLEDescription, device: String) {
        let options = (try? TarOptions(dle)) ?? TarOptions()
        directory = options.directory ?? device
        staysOnOneFileSystem = options.staysOnOneFileSystem
        excludes = options.commandOptions.filter { $0.hasPrefix("--exclude=") }
            .map { Array($0.utf8.dropFirst("--exclude=".utf8.count)) }
    }
}
