// SPDX-License-Identifier: Apache-2.0

/// One slot of a changer, wherever a volume can lie.
public enum VolumeDevice: Sendable, Hashable, CustomStringConvertible {
    /// A prefix in a bucket.
    case bucket(S3DevicePath)
    /// A directory on this machine.
    case directory(DirectoryDevicePath)

    /// As Amanda counts slots.
    public var slot: Int {
        switch self {
        case .bucket(let path): path.slot
        case .directory(let path): path.slot
        }
    }

    /// Amanda's device name: `s3:BUCKET/PREFIX`, `file:/PATH`.
    public var description: String {
        switch self {
        case .bucket(let path): path.description
        case .directory(let path): path.description
        }
    }

    /// Nil for a directory.
    public var bucketPath: S3DevicePath? {
        if case .bucket(let path) = self { path } else { nil }
    }

    /// Nil for a place in a bucket.
    public var directoryPath: DirectoryDevicePath? {
        if case .directory(let path) = self { path } else { nil }
    }

    /// Nil unless `device` is `s3:BUCKET/PREFIX` or `file:/PATH`.
    public init?(device: String, slot: Int, dataDirectory: DirectoryDevicePath.DataDirectory = .ifPresent) {
        if let path = S3DevicePath(device: device, slot: slot) {
            self = .bucket(path)
        } else if let path = DirectoryDevicePath(device: device, slot: slot, dataDirectory: dataDirectory) {
            self = .directory(path)
        } else {
            return nil
        }
    }
}

/// A volume that is a directory: Amanda's `file:` device, or a `slotN` of a `chg-disk:`.
public struct DirectoryDevicePath: Sendable, Hashable, CustomStringConvertible {
    /// Where in it the files lie (`USE_DATA`). Source: amanda-devices(7), VFS device.
    public enum DataDirectory: Sendable, Hashable {
        /// In the directory itself; what `chg-disk:` does.
        case never
        /// In `data/`, which must be there.
        case always
        /// In `data/` if that exists; what `file:` does.
        case ifPresent
    }

    /// Absolute, without a `/` at its end.
    public let path: String
    /// 1 and up.
    public let slot: Int
    /// See `DataDirectory`.
    public let dataDirectory: DataDirectory

    /// `file:/PATH`.
    public var description: String { "file:\(path)" }

    /// A directory by its absolute path.
    public init(path: String, slot: Int, dataDirectory: DataDirectory) {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
        self.slot = slot
        self.dataDirectory = dataDirectory
    }

    /// Nil unless `device` is `file:` and an absolute path.
    public init?(device: String, slot: Int, dataDirectory: DataDirectory) {
        guard device.hasPrefix("file:/") else { return nil }
        self.init(path: String(device.dropFirst(5)), slot: slot, dataDirectory: dataDirectory)
    }
}
