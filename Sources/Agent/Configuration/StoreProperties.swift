// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import S3

/// Reads a changer's device properties about its store against what the job says.
struct StoreProperties {
    let changer: ChangerDefinition
    let storage: StorageAddress
    let node: String

    /// Every slot lies under the cluster's prefix in the cluster's bucket.
    private var isClustersPlace: Bool {
        let top = storage.prefix.isEmpty ? "" : "\(storage.prefix)/"
        return changer.devices.compactMap(\.bucketPath).allSatisfy {
            $0.bucket == storage.bucket && $0.prefix.hasPrefix(top)
        }
    }

    /// The store that `S3_HOST` names, where it counts and is another than the cluster's.
    var ownStore: StoreRecord? {
        guard !isClustersPlace, let host = changer.host, !isClusters(host: host) else { return nil }
        let isAWS = Self.isAWS(host)
        let scheme = changer.usesTLS == false ? "http" : "https"
        return StoreRecord(
            endpoint: isAWS ? nil : "\(scheme)://\(host)",
            region: changer.region ?? Self.region(ofAWS: host) ?? "us-east-1",
            addressing: addressing(isAWS: isAWS), servicePath: changer.servicePath)
    }

    /// `S3_BUCKET_LOCATION` for a bucket of the cluster's store that is not the cluster's own.
    var ownRegion: String? {
        let isForeignBucket = changer.devices.compactMap(\.bucketPath).contains {
            $0.bucket != storage.bucket
        }
        return ownStore == nil && isForeignBucket ? changer.region : nil
    }

    /// Amanda's own default is path style; AWS takes the other one for every bucket.
    private func addressing(isAWS: Bool) -> StorageAddress.Addressing? {
        if isAWS { return nil }
        return changer.usesSubdomain == true ? .virtualHost : .path
    }

    private func isClusters(host: String) -> Bool {
        guard let endpoint = storage.endpoint else { return Self.isAWS(host) }
        let isPlain = endpoint.hasPrefix("http://")
        return Self.withPort(Self.withoutScheme(endpoint), isPlain: isPlain)
            == Self.withPort(host, isPlain: changer.usesTLS.map { !$0 } ?? isPlain)
    }

    private static func withoutScheme(_ endpoint: String) -> String {
        endpoint.firstRange(of: "://").map { String(endpoint[$0.upperBound...]) } ?? endpoint
    }

    private static func withPort(_ host: String, isPlain: Bool) -> String {
        let host = host.lowercased()
        let afterAddress = host.hasPrefix("[") ? host.drop { $0 != "]" } : host[...]
        return afterAddress.contains(":") ? host : "\(host):\(isPlain ? 80 : 443)"
    }

    private static func isAWS(_ host: String) -> Bool {
        let host = host.lowercased()
        return host.hasSuffix(".amazonaws.com") || host.hasSuffix(".amazonaws.com.cn")
    }

    /// `s3.eu-west-1.amazonaws.com` and the older `s3-eu-west-1.amazonaws.com`.
    private static func region(ofAWS host: String) -> String? {
        guard isAWS(host) else { return nil }
        let labels = host.lowercased().split(separator: ".").map(String.init)
        if labels[0].hasPrefix("s3-") { return String(labels[0].dropFirst(3)) }
        return labels[0] == "s3" && labels.count > 3 && labels[1] != "amazonaws" ? labels[1] : nil
    }
}

// What is not spoken.
extension StoreProperties {
    func refuseOthers() throws(WireError) {
        let api = changer.storageAPI ?? "AWS4"
        if changer.usesSwift {
            throw refusal("openstack-swift-api", "OPENSTACK_SWIFT_API: only Amazon's S3 interface is spoken")
        }
        guard ["S3", "AWS4"].contains(api) else {
            throw refusal("storage-api", "STORAGE_API '\(api)': only Amazon's S3 interface is spoken")
        }
        if let name = changer.storageClass, !name.utf8.allSatisfy(Self.isWordByte) {
            throw refusal("s3-storage-class", "S3_STORAGE_CLASS '\(name)' is no storage class")
        }
    }

    func encryption() throws(WireError) -> S3Keeping.Encryption? {
        switch changer.serverSideEncryption?.lowercased() {
        case nil: return nil
        case "aes256": return .storesKeys
        case "aws:kms": return .keyService(keyID: storage.kmsKeyID)
        default:
            throw refusal(
                "s3-server-side-encryption", "S3_SERVER_SIDE_ENCRYPTION must be AES256 or aws:kms",
                hint: "for aws:kms the key is storage.kmsKeyID of cluster.json.")
        }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private func refusal(
        _ property: String, _ what: String,
        hint: String = "use the store's S3 interface: STORAGE_API \"AWS4\"."
    ) -> WireError {
        WireError(
            .unsupported, node: node, at: changer.place(ofDeviceProperty: property),
            "changer '\(changer.name)': \(what)", hint: hint)
    }
}

// What an administrator should know.
extension StoreProperties {
    var remarks: [Remark] {
        [placeRemark, interfaceRemark, keepingRemark].compactMap(\.self) + differences
    }

    private var placeRemark: Remark? {
        guard let own = ownStore else { return nil }
        let endpoint = own.endpoint ?? "AWS"
        return remark(
            "s3-host", "changer '\(changer.name)' keeps its volumes at \(endpoint), region '\(own.region)'")
    }

    private var interfaceRemark: Remark? {
        guard changer.storageAPI == "S3" else { return nil }
        return remark("storage-api", "STORAGE_API is 'S3': requests are signed with version 4 all the same")
    }

    private var keepingRemark: Remark? {
        guard let name = changer.storageClass else { return nil }
        return remark("s3-storage-class", "data goes to storage class \(name); labels and headers do not")
    }

    /// What the job says instead, for volumes in the cluster's own place.
    private var differences: [Remark] {
        guard ownStore == nil else { return [] }
        var remarks: [Remark] = []
        if let region = changer.region, ownRegion == nil, region != storage.region {
            remarks.append(
                remark(
                    "s3-bucket-location",
                    "S3_BUCKET_LOCATION is '\(region)', the cluster's region '\(storage.region)' is used"))
        }
        if let host = changer.host, !isClusters(host: host) {
            let used = storage.endpoint.map { "endpoint '\($0)'" } ?? "store, AWS,"
            remarks.append(remark("s3-host", "S3_HOST is '\(host)', the cluster's \(used) is used"))
        }
        return remarks
    }

    private func remark(_ property: String, _ text: String) -> Remark {
        Remark(place: changer.place(ofDeviceProperty: property), text)
    }
}
