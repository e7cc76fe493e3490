// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import HTTPTransport
import S3

/// The store that a configuration's volumes lie in, and how it is used: the changer's device properties, each of which
/// holds for this configuration alone.
///
/// Volumes under the cluster's prefix in the cluster's bucket are the job's: whoever restores onto an empty machine
/// looks for them there, and `amanda.conf` may call the same store by another name. Volumes anywhere else lie where
/// `amanda.conf` says, down to the host.
struct VolumeStore: Sendable, Hashable {
    /// nil: the cluster's own store.
    let record: StoreRecord?
    /// For buckets of the cluster's store that are not the cluster's own; nil: the job's.
    let region: String?
    /// PEM file of the authorities that the changer names.
    let authority: String?
    let credentials: S3Credentials?
    let keeping: S3Keeping
    let proxy: HTTPProxy?
    let reusesConnections: Bool
    let timeout: Duration?
    let sendBytesPerSecond: Int64?
    let receiveBytesPerSecond: Int64?
    /// Buckets that may be made where there are none.
    let bucketsToMake: [String]
    /// What an administrator should know of it, each with file and line.
    let remarks: [Remark]

    /// - Throws: `WireError` with file and line for an interface or an encryption that is not spoken.
    init(_ changer: ChangerDefinition, storage: StorageAddress, node: String) throws(WireError) {
        let properties = StoreProperties(changer: changer, storage: storage, node: node)
        try properties.refuseOthers()
        let ownStore = properties.ownStore
        record = ownStore
        region = properties.ownRegion
        authority = changer.authorityFile
        credentials = S3Credentials(deviceProperties: changer)
        keeping = S3Keeping(storageClass: changer.storageClass, encryption: try properties.encryption())
        proxy = changer.proxy.map { HTTPProxy(property: $0, origin: "PROXY of changer '\(changer.name)'") }
        reusesConnections = changer.reusesConnections
        timeout = changer.timeoutSeconds.map { .seconds($0) }
        sendBytesPerSecond = changer.maxSendBytesPerSecond
        receiveBytesPerSecond = changer.maxReceiveBytesPerSecond
        let buckets = Set(changer.devices.compactMap { $0.bucketPath?.bucket })
        bucketsToMake =
            changer.createsBucket == true
            ? buckets.filter { ownStore != nil || $0 != storage.bucket }.sorted() : []
        remarks = properties.remarks
    }

    /// The volume on a slot of this store.
    func volume(_ label: String, on device: VolumeDevice) -> VolumeRecord {
        var volume = VolumeRecord(label: label, device: device)
        if volume.directory == nil { volume.store = record }
        return volume
    }
}
