// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Files

/// Files of this node with credentials or keys that every user of it may read.
enum ExposedFiles {
    /// Of the agent, and of the configurations that were asked for. Blocks, within a bound.
    static func find(_ settings: AgentSettings, _ configurations: [CheckedConfiguration]) -> [String] {
        var paths = [settings.tls.privateKey] + [settings.storage.credentialsFile].compactMap(\.self)
        for configuration in configurations {
            if let changer = configuration.changer, changer.secretKey != nil || changer.sessionToken != nil {
                paths += [changer.place.file].compactMap(\.self)
            }
            if let user = try? configuration.loaded.get().dumpuser {
                let key = KeyCreation.files(of: user)
                paths += [key.keyPath, key.passphrasePath]
            }
        }
        let open = PatientLook.all(paths, what: "exposure-look", limit: DiskLook.limit) {
            FileSystem.isOpenToOthers($0)
        }
        return open.filter(\.value).keys.sorted()
    }
}
