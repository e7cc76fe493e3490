// SPDX-License-Identifier: Apache-2.0

/// How a self-backed directory, `/etc` as a rule, holds Amanda's own part.
///
/// In place only that part comes back: `amanda/` without `amanda-client.conf`, and `amanda-security.conf` beside it.
/// The rest of `/etc` belongs to the new machine.
struct SelfBackupPlace: Sendable, Equatable {
    /// The agent's own, to which Amanda's part comes back.
    let amandaDirectory: String
    /// Amanda's directory inside the dump: `amanda`, or empty where the dump is that directory itself.
    let inside: String

    static let clientConfiguration = "amanda-client.conf"

    /// Nil for a disk of the self-backup that has nothing to do with the Amanda directory: it comes back as data.
    ///
    /// - Parameter device: what was dumped; another machine's Amanda directory may have lain elsewhere, so any
    ///   directory called `etc` counts too.
    init?(device: String, amandaDirectory: String) {
        self.amandaDirectory = amandaDirectory
        let below = device == "/" ? "/" : "\(device)/"
        if amandaDirectory == device {
            inside = ""
        } else if amandaDirectory.hasPrefix(below) {
            inside = String(amandaDirectory.dropFirst(below.count))
        } else if device.split(separator: "/").last == "etc" {
            inside = "amanda"
        } else {
            return nil
        }
    }

    /// `amanda-security.conf` inside the dump; nil where the dump cannot hold it.
    var securityInside: String? {
        guard !inside.isEmpty else { return nil }
        return Self.sibling(of: inside, SecurityFile.fileName)
    }

    var securityConfigurationPath: String { Self.sibling(of: amandaDirectory, SecurityFile.fileName) }

    private static func sibling(of path: String, _ name: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return name }
        return "\(path[...slash])\(name)"
    }
}
