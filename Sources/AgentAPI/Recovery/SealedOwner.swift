// SPDX-License-Identifier: Apache-2.0

public import Certificates

/// Whose secrets a bundle holds: only he may have signed it.
///
/// In JSON: `"coordinator"` or `"node/<name>"`, as the path of a certificate's URI.
public enum SealedOwner: Sendable, Hashable {
    case node(String)
    case coordinator

    private static let nodeStart = "node/"

    public var text: String {
        switch self {
        case .node(let name): Self.nodeStart + name
        case .coordinator: "coordinator"
        }
    }

    /// - Returns: nil for any other text.
    public init?(text: String) {
        if text == "coordinator" {
            self = .coordinator
        } else if text.hasPrefix(Self.nodeStart), text.utf8.count > Self.nodeStart.utf8.count {
            self = .node(String(text.dropFirst(Self.nodeStart.count)))
        } else {
            return nil
        }
    }

    /// The name in the certificate of whoever may sign for it.
    public func peerName(cluster: String) throws(CertificateError) -> PeerName {
        switch self {
        case .node(let name): try PeerName(cluster: cluster, role: .node(name))
        case .coordinator: try PeerName(cluster: cluster, role: .coordinator)
        }
    }
}

extension SealedOwner: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let owner = Self(text: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "it is neither a node nor the coordinator")
        }
        self = owner
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
