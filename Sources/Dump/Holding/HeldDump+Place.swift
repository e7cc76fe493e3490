// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files

extension HeldDump {
    /// The directory of the holding disk that a chunk lies on, above the run's.
    static func holdingDisk(of path: String) -> String {
        FileSystem.parentDirectory(of: FileSystem.parentDirectory(of: path))
    }
}
