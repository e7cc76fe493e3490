// SPDX-License-Identifier: Apache-2.0

/// What a holder of a certificate is to its cluster.
public enum CertificateRole: Sendable, Hashable {
    /// The agent of one node, by the node's name. It only ever serves, so its certificate cannot be a client's.
    case node(String)

    /// The coordinator: runs jobs on the nodes.
    case coordinator

    /// Reads status and metrics, nothing more.
    case observer
}
