// SPDX-License-Identifier: Apache-2.0

@_exported public import Faults

/// What can be wrong with a certificate, a key, or a name that goes into one.
public enum CertificateError: Fault, Hashable {
    /// A cluster or node name that is no lower-case DNS label.
    case invalidName(what: String, name: String)

    /// A URI that is not one of the three shapes of ``PeerName``.
    case notAPeerName(uri: String)

    /// A certificate that names a peer of another cluster than the expected one.
    case otherCluster(name: PeerName, expected: String)

    /// A file that cannot be read, and the kernel's reason.
    case unreadable(path: String, reason: FaultText)

    /// Text, from `source`, that holds no `kind` ("certificate", "private key") in PEM.
    case notPEM(source: String, kind: String, reason: String)

    /// A certificate that may not sign others, where an authority's is needed.
    case notAnAuthority(subject: String)

    /// A private key that belongs to another certificate.
    case keyMismatch(subject: String)

    /// A request for a certificate that cannot be fulfilled, whoever asks.
    case unusableRequest(reason: String)

    /// A request for a certificate with other names than those that it would get.
    case requestOfAnother(names: [String], expected: PeerName)

    /// An authority of another cluster.
    case otherAuthority(cluster: String, expected: String)

    /// A certificate that is not to be put in place, and why not.
    case unusableCertificate(subject: String, reason: String)

    /// A certificate that its authority has taken back.
    case revoked(serial: String)

    /// What was signed could not be written down, and is not given out.
    case unrecorded(path: String, reason: FaultText)

    /// A revocation list that is none, or not one of the authority's.
    case unusableList(reason: String)

    /// A call into libcrypto that failed, with libcrypto's own words.
    case libcrypto(call: String, reason: String)
}

extension CertificateError {
    public var facts: String { text.facts }
    public var hint: String? { text.hint }

    private var text: FaultText {
        switch self {
        case .invalidName(let what, let name):
            FaultText(
                "\(what) \(quoted(name)) is not a lower-case DNS label",
                hint:
                    "use a to z, 0 to 9 and hyphens, at most \(DNSLabel.longestByteCount), with a letter or digit at both ends."
            )
        case .notAPeerName(let uri):
            FaultText(
                "\(quoted(uri)) names no node, coordinator or observer of a cluster",
                hint: "issue the certificate with 'amfleet node add' or 'amfleet init'.")
        case .otherCluster(let name, let expected):
            "'\(name)' is no peer of the cluster '\(expected)'"
        case .unreadable(let path, let reason):
            FaultText("cannot read '\(path)': \(reason.facts)", hint: reason.hint)
        case .notPEM(let source, let kind, let reason):
            "\(source) holds no \(kind) in PEM: \(reason)"
        case .notAnAuthority(let subject):
            FaultText(
                "the certificate of \(subject) may not sign others",
                hint: "use the certificate that 'amfleet init' wrote as the authority.")
        case .keyMismatch(let subject):
            FaultText(
                "the private key is not that of the certificate of \(subject)",
                hint: "copy certificate and key again, from the same folder.")
        case .unusableRequest(let reason):
            "the request for a certificate cannot be used: \(reason)"
        case .requestOfAnother(let names, let expected):
            "the request asks for a certificate of \(names.map(quoted).joined(separator: ", ")), not of '\(expected)'"
        case .otherAuthority(let cluster, let expected):
            "the authority is that of cluster \(quoted(cluster)), not of '\(expected)'"
        case .unusableCertificate(let subject, let reason):
            "the certificate of \(subject) is not put in place: \(reason)"
        case .revoked(let serial):
            "the certificate with serial \(serial) is revoked"
        case .unrecorded(let path, let reason):
            FaultText(
                "nothing is signed that cannot be written down in '\(path)': \(reason.facts)",
                hint: reason.hint)
        case .unusableList(let reason):
            "the list of revoked certificates cannot be used: \(reason)"
        case .libcrypto(let call, let reason):
            "\(call) failed: \(reason)"
        }
    }

    /// The text in quotation marks, with line ends, NUL and other control characters escaped.
    private func quoted(_ text: String) -> String {
        "'" + text.unicodeScalars.map { $0.value < 32 ? $0.escaped(asASCII: true) : String($0) }.joined()
            + "'"
    }
}
