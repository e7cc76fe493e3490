// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Files

/// Where in a disk's directory tar goes, as far as the application's properties have a say.
public struct TarReach: Sendable {
    /// That tar reads, by the disklist or the application's DIRECTORY.
    public let directory: String
    /// Whether tar leaves out what is mounted inside.
    public let staysOnOneFileSystem: Bool
    /// Patterns that COMMAND-OPTIONS excludes beside those of the dumptype.
    public let excludes: [[UInt8]]
    /// Why tar would not even begin: a list of excludes that it cannot read; nil: nothing.
    public let fault: DumpError?

    /// Blocks.
    ///
    /// - Parameters:
    ///   - dle: its properties; where amgtar would refuse one, none counts.
    ///   - device: that is read unless the application says otherwise.
    public init(_ dle: DLEDescription, device: String) {
        let options = (try? TarOptions(dle)) ?? TarOptions()
        directory = options.directory ?? device
        staysOnOneFileSystem = options.staysOnOneFileSystem
        var excludes = Self.values(of: "exclude", options).map { Array($0.utf8) }
        var fault: DumpError?
        for path in options.excludeFiles {
            do {
                excludes += try FileSystem.readAll(path).split(separator: 10).map(Array.init)
            } catch {
                fault = fault ?? .noExcludeFile(path: path, reason: error.reason)
            }
        }
        (self.excludes, self.fault) = (excludes, fault)
    }

    static func values(of name: String, _ options: TarOptions) -> [String] {
        options.commandOptions.filter { $0.hasPrefix("--\(name)=") }.map {
            String($0.dropFirst(name.count + 3))
        }
    }
}
