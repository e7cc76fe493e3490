// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat

/// Whether a configuration's volumes lie where a restore on an empty machine looks for them:
/// `PREFIX/<node>/<configuration>/` in the cluster's bucket. A directory on the node never is such a place.
///
/// Amanda's own configuration decides where they lie; in which store, `VolumeStore` knows.
enum VolumePlace {
    /// Remarks on a data configuration that lies elsewhere; nothing can be said against it.
    ///
    /// - Throws: `WireError` for a self-backup that lies elsewhere: nobody would find it again.
    static func remarks(
        on changer: ChangerDefinition, of choice: ConfigurationChoice, storage: StorageAddress, node: String
    ) throws(WireError) -> [Remark] {
        let expected = BucketLayout(storage).volumes(node: node, configuration: choice.name)
        if let directory = changer.devices.first?.directoryPath {
            return [try remark(on: directory, of: changer, choice, expected: expected, storage, node)]
        }
        let strays = changer.devices.compactMap(\.bucketPath).filter {
            $0.bucket != storage.bucket || !$0.prefix.hasPrefix(expected)
        }
        var remarks: [Remark] = []
        if let stray = strays.first {
            let what = "changer '\(changer.name)' writes to '\(stray)'"
            let elsewhere = "the cluster's place for it is 's3:\(storage.bucket)/\(expected)slot-…'"
            let remedy = "write tpchanger \"chg-multi:s3:\(storage.bucket)/\(expected)slot-{01..10}\""
            if choice.role == .selfBackup {
                throw WireError(
                    .configuration, node: node, at: changer.place, "\(what); \(elsewhere)",
                    hint: "\(remedy): the self-backup is looked for there.")
            }
            if let neighbours = strays.first(where: { isNeighbours($0, storage, node: node) }) {
                throw WireError(
                    .configuration, node: node, at: changer.place,
                    "changer '\(changer.name)' writes to '\(neighbours)', which is another node's place",
                    hint: "\(remedy): two nodes with the same volumes destroy each other's backups.")
            }
            remarks.append(Remark(place: changer.place, "\(what); \(elsewhere)"))
        }
        return remarks
    }

    private static func remark(
        on directory: DirectoryDevicePath, of changer: ChangerDefinition, _ choice: ConfigurationChoice,
        expected: String, _ storage: StorageAddress, _ node: String
    ) throws(WireError) -> Remark {
        let what = "changer '\(changer.name)' writes to '\(directory)'"
        guard choice.role == .selfBackup else {
            return Remark(
                place: changer.place,
                "\(what), which lies only on this node: an empty machine cannot be restored from it")
        }
        throw WireError(
            .configuration, node: node, at: changer.place,
            "\(what), which is lost with this node: the self-backup must lie in the cluster's bucket",
            hint: "write tpchanger \"chg-multi:s3:\(storage.bucket)/\(expected)slot-{01..10}\".")
    }

    /// What lies under the cluster's prefix, but not under this node's name, belongs to another node.
    private static func isNeighbours(_ device: S3DevicePath, _ storage: StorageAddress, node: String) -> Bool
    {
        let layout = BucketLayout(storage)
        return device.bucket == storage.bucket && !storage.prefix.isEmpty
            && device.prefix.hasPrefix("\(storage.prefix)/")
            && !device.prefix.hasPrefix(layout.node(node))
    }
}
