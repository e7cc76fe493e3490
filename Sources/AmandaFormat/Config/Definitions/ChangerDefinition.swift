// SPDX-License-Identifier: Apache-2.0

import Faults
public import Secret

/// A changer that a configuration uses: slots on S3 or in directories, with the properties that count for them.
public struct ChangerDefinition: Sendable, Hashable {
    /// How slots are found.
    public enum Kind: Sendable, Hashable {
        /// `chg-multi:`: the devices that it lists.
        case multi
        /// `chg-single:`, or a device alone: one slot.
        case single
        /// `chg-disk:`: what its directory holds.
        case disk(DiskChanger)
    }

    /// The name of its `define changer`, as written there; the `chg-…` or device string itself where there is none.
    public let name: String
    /// Where it is defined.
    public let place: FaultPlace
    /// `chg-multi:…` as written; `chg-single:…` for a device alone.
    let specification: String
    /// See `Kind`.
    public let kind: Kind
    /// The slots in order, no two alike, and all of one kind. Never empty. Of a `chg-disk:` those that the configuration
    /// names: `DiskChanger.devices(among:)` tells which there are.
    public let devices: [VolumeDevice]
    /// Where stock Amanda keeps its state of the slots, as written; nil: it keeps none.
    public let changerFile: String?
    /// The changer's own `property` lines.
    public let properties: [ConfigurationProperty]
    /// Global `device-property` lines, replaced by those of `define device`, replaced by those of the changer.
    let deviceProperties: [ConfigurationProperty]

    /// The first value of a device property, unless it is one that holds a secret.
    func value(ofDeviceProperty name: String) -> String? {
        Self.secretNames.contains(ConfigurationProperty.canonicalName(name))
            ? nil : deviceProperties.value(of: name)
    }

    /// The value of a device property that holds a secret; nil where it is not set or empty.
    func secret(ofDeviceProperty name: String) -> Secret? {
        deviceProperties.value(of: name).flatMap { $0.isEmpty ? nil : Secret($0) }
    }

    /// Where a device property is set; the changer's own place where it is not.
    public func place(ofDeviceProperty name: String) -> FaultPlace {
        let name = ConfigurationProperty.canonicalName(name)
        return deviceProperties.first { $0.name == name }?.place ?? place
    }

    /// How many slots there are; nil where nobody can say, as of a disk that is not mounted.
    ///
    /// - Parameter list: what a directory holds; nil: it cannot be read. Asked only for that of a `chg-disk:`.
    public func slotCount(listing list: (_ directory: String) -> [String]?) -> Int? {
        guard case .disk(let disk) = kind else { return devices.count }
        let count = list(disk.directory).map { disk.devices(among: $0).count }
        return disk.isRemovable && count == 0 ? nil : count
    }

    private static let secretNames: Set = [
        "s3-access-key", "s3-secret-key", "s3-session-token", "s3-user-token", "password", "client-secret",
        "refresh-token", "swift-access-key", "ndmp-password",
    ]
}

/// The properties of Amanda's S3 device, typed. Nil: not set.
extension ChangerDefinition {
    /// Upload parts in flight at the same time (`NB_THREADS_BACKUP`).
    public var uploadThreadCount: Int { number("nb-threads-backup").map { Int($0) } ?? 1 }
    /// Ranged reads in flight at the same time (`NB_THREADS_RECOVERY`).
    public var recoveryThreadCount: Int { number("nb-threads-recovery").map { Int($0) } ?? 1 }
    /// Whether a dump part becomes one object by multipart upload, or many block objects
    /// (`S3_MULTI_PART_UPLOAD`). Amanda's default is no.
    public var isMultipart: Bool { bool("s3-multi-part-upload") ?? false }
    /// `S3_BUCKET_LOCATION`.
    public var region: String? { text("s3-bucket-location") }
    /// `S3_HOST`, with its port if it has one.
    public var host: String? { text("s3-host") }
    /// `S3_SERVICE_PATH`.
    public var servicePath: String? { text("s3-service-path") }
    /// `S3_SSL`.
    public var usesTLS: Bool? { bool("s3-ssl") }
    /// `S3_SUBDOMAIN`: the bucket's name is part of the host name.
    public var usesSubdomain: Bool? { bool("s3-subdomain") }
    /// `SSL_CA_INFO`: a file of certificate authorities.
    public var authorityFile: String? { text("ssl-ca-info") }
    /// `S3_STORAGE_CLASS`.
    public var storageClass: String? { text("s3-storage-class") }
    /// `S3_SERVER_SIDE_ENCRYPTION`: `AES256` or `aws:kms`.
    public var serverSideEncryption: String? { text("s3-server-side-encryption") }
    /// `STORAGE_API`, upper case: `S3`, `AWS4`, `SWIFT-1.0` …
    public var storageAPI: String? { text("storage-api")?.uppercased() }
    /// `OPENSTACK_SWIFT_API`.
    public var usesSwift: Bool { bool("openstack-swift-api") ?? false }
    /// `PROXY`: `host[:port]`.
    public var proxy: String? { text("proxy") }
    /// `TIMEOUT` of one transfer; nil: none.
    public var timeoutSeconds: Int64? { number("timeout").flatMap { $0 > 0 ? $0 : nil } }
    /// `REUSE_CONNECTION`. Amanda's default is yes.
    public var reusesConnections: Bool { bool("reuse-connection") ?? true }
    /// `CREATE_BUCKET`, where it is set.
    public var createsBucket: Bool? { bool("create-bucket") }
    /// `READ_FROM_GLACIER`.
    public var readsFromGlacier: Bool { bool("read-from-glacier") ?? false }
    /// `TRANSITION_TO_GLACIER`: days after which a run's volume moves to Glacier; nil: it does not.
    public var glacierTransitionDays: Int? {
        number("transition-to-glacier").flatMap { $0 >= 0 ? Int(clamping: $0) : nil }
    }
    /// `BLOCK_SIZE`.
    public var blockByteCount: Int64? { number("block-size") }
    /// `MAX_SEND_SPEED`, for the sum of all uploads.
    public var maxSendBytesPerSecond: Int64? { number("max-send-speed") }
    /// `MAX_RECV_SPEED`, for the sum of all downloads.
    public var maxReceiveBytesPerSecond: Int64? { number("max-recv-speed") }
    /// `S3_ACCESS_KEY`.
    public var accessKey: Secret? { secret(ofDeviceProperty: "s3-access-key") }
    /// `S3_SECRET_KEY`.
    public var secretKey: Secret? { secret(ofDeviceProperty: "s3-secret-key") }
    /// `S3_SESSION_TOKEN`.
    public var sessionToken: Secret? { secret(ofDeviceProperty: "s3-session-token") }

    private func text(_ name: String) -> String? {
        value(ofDeviceProperty: name).flatMap { $0.isEmpty ? nil : $0 }
    }

    private func bool(_ name: String) -> Bool? {
        text(name).flatMap(ParameterReader.bool)
    }

    private func number(_ name: String) -> Int64? {
        text(name).flatMap(DeviceProperties.number)
    }
}
