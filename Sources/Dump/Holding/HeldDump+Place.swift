// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Files

extension HeldDump {
    /// For `runBlocking(asking:)`: the holding disks that it lies on.
    public var mayHang: [String] { Set(chunks.map { Self.holdingDisk(of: $0.path) }).sorted() }

    /// The directory of the holding disk that a chunk lies on, above the run's.
    static func holdingDisk(of path: String) -> String {
        FileSystem.parentDirectory(of: FileSystem.parentDirectory(of: path))
    }
}
