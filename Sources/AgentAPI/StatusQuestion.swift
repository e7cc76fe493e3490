// SPDX-License-Identifier: Apache-2.0

/// What a status check wants looked at beyond the agent itself, as query items of `GET /v1/status`; likewise of
/// `GET /v1/volumes`.
public struct StatusQuestion: Sendable, Equatable {
    public var storage: StorageAddress
    public var configurations: [ConfigurationChoice]
    /// Of volumes: what the cluster protects on the node.
    public var protection: RunProtection?

    public init(
        storage: StorageAddress, configurations: [ConfigurationChoice], protection: RunProtection? = nil
    ) {
        self.storage = storage
        self.configurations = configurations
        self.protection = protection
    }

    /// The status path with its query. Names and values are percent-encoded.
    public var path: String { path(AgentPaths.status) }

    /// The same for another route.
    public func path(_ route: String) -> String {
        var items = [
            ("bucket", storage.bucket), ("prefix", storage.prefix), ("region", storage.region),
        ]
        if let endpoint = storage.endpoint { items.append(("endpoint", endpoint)) }
        if let addressing = storage.addressing { items.append(("addressing", addressing.rawValue)) }
        items += configurations.map { ($0.role.rawValue, $0.name) }
        items += protection?.queryItems ?? []
        return route + "?"
            + items.map { "\($0.0)=\(Self.percentEncoded($0.1))" }.joined(separator: "&")
    }

    /// - Parameter items: decoded query items in their order.
    /// - Returns: nil where no bucket is named: a plain status.
    public init?(items: [(name: String, value: String)]) {
        func value(_ name: String) -> String? { items.first { $0.name == name }?.value }
        guard let bucket = value("bucket"), let region = value("region") else { return nil }
        let addressing = value("addressing").flatMap(StorageAddress.Addressing.init(rawValue:))
        self.storage = StorageAddress(
            bucket: bucket, prefix: value("prefix") ?? "", region: region, endpoint: value("endpoint"),
            addressing: addressing)
        self.configurations = items.compactMap { item in
            ConfigurationChoice.Role(rawValue: item.name).map { .init(name: item.value, role: $0) }
        }
        protection = RunProtection(queryItems: items)
    }

    private static func percentEncoded(_ text: String) -> String {
        let hexadecimal = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
