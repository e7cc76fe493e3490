// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import HTTPTransport
import S3
import Testing

@testable import Agent

/// What device properties make of a configuration's store.
@Suite struct VolumeStoreTests {
    private let storage = StorageAddress(
        bucket: "backups", prefix: "demo", region: "eu-west-1", endpoint: "https://s3.example.com:8333",
        kmsKeyID: "key-1")

    private func store(
        _ properties: String = "", place: String = "elsewhere/v/slot-{1..3}", aws: Bool = false
    ) throws -> VolumeStore {
        let configuration = try AmandaConfiguration(
            parsing: """
                tapedev "c"
                define changer c {
                  tpchanger "chg-multi:s3:\(place)"
                \(properties)
                }

                """, file: "/etc/amanda/x/amanda.conf", include: { _ in "" })
        var storage = storage
        if aws { storage.endpoint = nil }
        return try VolumeStore(configuration.changer(), storage: storage, node: "node01")
    }

    private func property(_ name: String, _ value: String) -> String {
        "  device-property \"\(name)\" \"\(value)\""
    }

    @Test func `a changer that names no host uses the cluster's store`() throws {
        let store = try store()
        #expect(store.record == nil && store.remarks.isEmpty && store.bucketsToMake.isEmpty)
    }

    @Test func `a host of its own is reached as amanda.conf says`() throws {
        let store = try store(
            [
                property("S3_HOST", "minio.lan:9000"), property("S3_SSL", "no"),
                property("S3_SERVICE_PATH", "/objects"), property("CREATE_BUCKET", "yes"),
            ].joined(separator: "\n"))
        #expect(
            store.record
                == StoreRecord(
                    endpoint: "http://minio.lan:9000", region: "us-east-1", addressing: .path,
                    servicePath: "/objects"))
        #expect(store.bucketsToMake == ["elsewhere"])
        #expect(
            store.remarks.map(\.description) == [
                "/etc/amanda/x/amanda.conf:4: changer 'c' keeps its volumes at http://minio.lan:9000, region 'us-east-1'"
            ])
        let tls = try self.store(
            property("S3_HOST", "minio.lan") + "\n" + property("S3_SUBDOMAIN", "yes") + "\n"
                + property("S3_BUCKET_LOCATION", "lab"))
        #expect(
            tls.record == StoreRecord(endpoint: "https://minio.lan", region: "lab", addressing: .virtualHost))
    }

    @Test(arguments: ["s3.example.com:8333", "S3.EXAMPLE.COM:8333"])
    func `the cluster's own host by its name is no other store`(host: String) throws {
        #expect(try store(property("S3_HOST", host)).record == nil)
    }

    @Test func `AWS by any of its names is AWS, in the region that it names`() throws {
        #expect(
            try store(property("S3_HOST", "s3-eu-central-1.amazonaws.com")).record
                == StoreRecord(endpoint: nil, region: "eu-central-1"))
        #expect(
            try store(property("S3_HOST", "s3.us-west-2.amazonaws.com")).record
                == StoreRecord(endpoint: nil, region: "us-west-2"))
        #expect(
            try store(property("S3_HOST", "s3.amazonaws.com")).record
                == StoreRecord(endpoint: nil, region: "us-east-1"))
        #expect(try store(property("S3_HOST", "s3.amazonaws.com"), aws: true).record == nil)
        #expect(
            try store(property("S3_BUCKET_LOCATION", "eu-north-1"), aws: true).region == "eu-north-1")
    }

    @Test func `volumes in the cluster's place are the job's, and differences are told`() throws {
        let store = try store(
            property("S3_HOST", "minio.lan:9000") + "\n" + property("S3_BUCKET_LOCATION", "lab"),
            place: "backups/demo/node01/x/slot-{1..3}")
        #expect(store.record == nil && store.region == nil)
        #expect(
            store.remarks.map(\.description) == [
                "/etc/amanda/x/amanda.conf:5: S3_BUCKET_LOCATION is 'lab', the cluster's region 'eu-west-1' is used",
                "/etc/amanda/x/amanda.conf:4: S3_HOST is 'minio.lan:9000', the cluster's endpoint 'https://s3.example.com:8333' is used",
            ])
    }

    @Test func `how data is kept`() throws {
        let store = try store(
            property("S3_STORAGE_CLASS", "STANDARD_IA") + "\n"
                + property("S3_SERVER_SIDE_ENCRYPTION", "aws:kms"))
        #expect(
            store.keeping
                == S3Keeping(storageClass: "STANDARD_IA", encryption: .keyService(keyID: "key-1")))
        #expect(
            store.remarks.map(\.description) == [
                "/etc/amanda/x/amanda.conf:4: data goes to storage class STANDARD_IA; labels and headers do not"
            ])
        #expect(
            try self.store(property("S3_SERVER_SIDE_ENCRYPTION", "AES256")).keeping.encryption == .storesKeys)
    }

    @Test func `how requests travel`() throws {
        let store = try store(
            [
                property("PROXY", "proxy.lan:3128"), property("REUSE_CONNECTION", "no"),
                property("TIMEOUT", "300"), property("MAX_SEND_SPEED", "10 mb"),
                property("MAX_RECV_SPEED", "5120"), property("SSL_CA_INFO", "/etc/ca.pem"),
            ].joined(separator: "\n"))
        #expect(
            store.proxy?.label == "proxy.lan:3128 (PROXY of changer 'c')" && !store.reusesConnections
                && store.timeout == .seconds(300))
        #expect(store.sendBytesPerSecond == 10 << 20 && store.receiveBytesPerSecond == 5120)
        #expect(store.authority == "/etc/ca.pem")
    }

    @Test(arguments: [
        ("STORAGE_API", "SWIFT-2.0", "STORAGE_API 'SWIFT-2.0': only Amazon's S3 interface is spoken"),
        ("STORAGE_API", "oauth2", "STORAGE_API 'OAUTH2': only"),
        ("STORAGE_API", "CASTOR", "STORAGE_API 'CASTOR': only"),
        ("OPENSTACK_SWIFT_API", "yes", "OPENSTACK_SWIFT_API: only"),
        ("S3_SERVER_SIDE_ENCRYPTION", "rot13", "must be AES256 or aws:kms"),
        ("S3_STORAGE_CLASS", "COLD\\r\\nx", "is no storage class"),
    ])
    func `another interface is refused with file and line`(name: String, value: String, text: String) throws {
        do {
            _ = try store(property("S3_SSL", "yes") + "\n" + property(name, value))
            Issue.record("accepted")
        } catch let error as WireError {
            #expect(error.message.hasPrefix("/etc/amanda/x/amanda.conf:5: changer 'c': "))
            #expect(error.message.contains(text))
            #expect(error.kind == .unsupported)
        }
    }

    @Test func `version 4 whatever it says, and so it is told`() throws {
        #expect(
            try store(property("STORAGE_API", "s3")).remarks.map(\.description) == [
                "/etc/amanda/x/amanda.conf:4: STORAGE_API is 'S3': requests are signed with version 4 all the same"
            ])
        #expect(try store(property("STORAGE_API", "AWS4")).remarks.isEmpty)
    }
}
