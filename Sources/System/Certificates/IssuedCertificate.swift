// SPDX-License-Identifier: Apache-2.0

import Files

/// One certificate that an authority of ours has signed, as a line of the file that it keeps.
///
/// Shape: `<serial> <when it was signed> <its last second> <URI> <common name>`, times in seconds since 1970; the common name may
/// have blanks. Lines are only ever added; one that a crash tore is left out.
public struct IssuedCertificate: Sendable, Hashable {
    public let serial: String
    public let issuedAt: Int64
    public let notAfter: Int64
    public let uri: String
    public let commonName: String

    /// - Parameter text: a line, without its end.
    init?(line text: some StringProtocol) {
        let fields = text.split(separator: " ", maxSplits: 4)
        guard fields.count == 5, let serial = CertificateSerial.text(String(fields[0])),
            let issuedAt = Int64(fields[1]), let notAfter = Int64(fields[2])
        else { return nil }
        self.init(
            serial: serial, issuedAt: issuedAt, notAfter: notAfter, uri: String(fields[3]),
            commonName: String(fields[4]))
    }

    init(serial: String, issuedAt: Int64, notAfter: Int64, uri: String, commonName: String) {
        self.serial = serial
        self.issuedAt = issuedAt
        self.notAfter = notAfter
        self.uri = uri
        self.commonName = commonName
    }

    /// What `certificate` says, from which an earlier version's are known.
    public init(_ certificate: CertificateFacts) {
        let mark = "CN = "
        let name =
            certificate.subject.firstRange(of: mark).map { certificate.subject[$0.upperBound...] } ?? ""
        self.init(
            serial: certificate.serial, issuedAt: certificate.notBefore, notAfter: certificate.notAfter,
            uri: certificate.uris.first ?? "", commonName: String(name))
    }

    var line: String { "\(serial) \(issuedAt) \(notAfter) \(uri) \(commonName)" }

    /// Every certificate of the file at `path`, oldest first; none where there is no file.
    public static func all(at path: String) throws -> [IssuedCertificate] {
        guard try FileSystem.isPresent(path) else { return [] }
        let bytes = try FileSystem.readAll(path)
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
            .compactMap { IssuedCertificate(line: $0) }
    }

    /// Adds it to the file, which survives a power failure then.
    func append(to path: String) throws(CertificateError) {
        do {
            // A line that a crash tore ends here.
            try FileSystem.append(path, Array("\n\(line)\n".utf8), mode: 0o600, synchronising: true)
        } catch {
            throw .unrecorded(path: path, reason: FaultText(of: error))
        }
    }
}
