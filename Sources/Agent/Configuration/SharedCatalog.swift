// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Catalog

/// A tapelist or a directory of logs that several configurations of a node name, mostly since one `amanda.conf` was copied from another.
///
/// The newest run of the one is that of the other too: whichever comes second in a run could not have it, night after night. It is named
/// beforehand, and the first goes on.
struct SharedCatalog {
    /// In the order of the job.
    let configurations: [CheckedConfiguration]

    /// Why a configuration cannot be backed up beside the others; nil: it can.
    func fault(of configuration: CheckedConfiguration, node: String) -> WireError? {
        guard case .success(let loaded) = configuration.loaded else { return nil }
        let location = loaded.location
        for (parameter, path, own) in Self.places(of: location) {
            guard let other = others(than: configuration, at: path, parameter).first else { continue }
            return WireError(
                .configuration, node: node, at: FaultPlace(file: "\(location.directory)/amanda.conf"),
                "\(parameter) '\(path)' is that of configuration '\(other)' too: a run of the one would be the newest of both, and the other could "
                    + "not have it",
                hint: "give each its own: \(parameter) \"\(own)\" for '\(configuration.choice.name)'.")
        }
        return nil
    }

    /// - Returns: parameter of `amanda.conf`, where it leads, and where Amanda would have it.
    private static func places(
        of location: CatalogLocation
    ) -> [(parameter: String, path: String, own: String)] {
        [
            ("tapelist", location.tapelist, "\(location.directory)/tapelist"),
            ("logdir", location.logDirectory, location.directory),
        ]
    }

    /// Those that keep the place.
    private func others(
        than configuration: CheckedConfiguration, at path: String, _ parameter: String
    ) -> [String] {
        let users = configurations.filter { other in
            guard case .success(let loaded) = other.loaded else { return false }
            return Self.places(of: loaded.location).contains { $0.parameter == parameter && $0.path == path }
        }.map(\.choice.name)
        let owner = users.first { Self.isOwn(path, of: $0, in: configurations) } ?? users.first
        return users.filter { $0 == owner && $0 != configuration.choice.name }
    }

    private static func isOwn(
        _ path: String, of name: String, in configurations: [CheckedConfiguration]
    ) -> Bool {
        guard case .success(let loaded)? = configurations.named(name)?.loaded else { return false }
        let directory = loaded.location.directory
        return path == directory || path.hasPrefix("\(directory)/")
    }
}
