// SPDX-License-Identifier: Apache-2.0

public import Certificates
import Digest
public import FoundationEssentials
public import Sealing
public import Secret

/// The files of one node, or of the coordinator, that are sealed together.
///
/// Shape before it is signed and sealed: a POSIX archive (`BundleArchive`), first the manifest `amfleet.json`, then the files by their
/// paths without the leading `/`, with owner and mode: `tar -x` reads it. Then CMS SignedData around it, and CMS
/// AuthEnvelopedData around that (Docs/FORMATS.md, "Sealed files").
public struct SealedBundle: Sendable, Hashable {
    public let manifest: SealedManifest
    /// In the manifest's order.
    public let files: [SealedFile]

    /// All contents together, at most: keyrings are the longest.
    public static let byteCountLimit = 16 << 20
    public static let fileCountLimit = 1_000

    /// - Parameters:
    ///   - clusterID: nil while the cluster has none.
    ///   - run: the run that seals.
    ///   - number: which of that run's versions it is.
    ///   - keysSince: the oldest version from which on no key has changed; nil: this one.
    ///   - fingerprintKey: as `makeFingerprintKey` gives it; by one that is kept, fingerprints can be compared later.
    public init(
        cluster: String, clusterID: String?, owner: SealedOwner, run: RunName?, number: Int = 1,
        keysSince: SealedVersion? = nil, sealedAt: Date, fingerprintKey: String = makeFingerprintKey(),
        files: [SealedFile]
    ) throws(SealedBundleError) {
        let manifest = SealedManifest(
            cluster: cluster, clusterID: clusterID, owner: owner, run: run,
            number: number == 1 ? nil : number,
            keysSince: keysSince, sealedAt: sealedAt, fingerprintKey: fingerprintKey,
            files: files.map(\.entry))
        try self.init(manifest: manifest, files: files)
    }

    init(manifest: SealedManifest, files: [SealedFile]) throws(SealedBundleError) {
        guard files.count <= Self.fileCountLimit else { throw .tooMany(count: files.count) }
        let byteCount = files.reduce(0) { $0 + $1.content.count }
        guard byteCount <= Self.byteCountLimit else { throw .tooLong(byteCount: byteCount) }
        // Bytes: two names that differ in their code points alone are two files.
        var seen: Set<[UInt8]> = [Array(BundleArchive.manifestName.utf8)]
        for file in files {
            if let fault = file.entry.fault { throw fault }
            guard seen.insert(Array(file.entry.member.utf8)).inserted else {
                throw .duplicate(path: file.path)
            }
        }
        guard Self.isFingerprintKey(manifest.fingerprintKey) else {
            throw .damaged(reason: "the key of its fingerprints is none")
        }
        self.manifest = manifest
        self.files = files
    }

    /// Signs and seals it.
    ///
    /// - Parameters:
    ///   - certificatePEM: of the owner, as TLS shows it.
    ///   - recipients: whoever may open it.
    public func sealed(
        certificatePEM: String, privateKeyPEM: Secret, to recipients: [RecoveryCertificate]
    ) throws -> [UInt8] {
        let signed = try SignedContent.sign(
            BundleArchive.bytes(of: self), certificatePEM: certificatePEM, privateKeyPEM: privateKeyPEM)
        return try Envelope.seal(signed, to: recipients)
    }

    /// Opens an object of the bucket. The signature fits the certificate inside; whose that must be, `OpenedBundle.requireOwner` asks.
    public static func open(_ der: [UInt8], with key: RecoveryKey) throws -> OpenedBundle {
        let signed = try Envelope.open(der, with: key)
        let (content, signer) = try SignedContent.read(signed)
        return OpenedBundle(bundle: try BundleArchive.read(content), signer: signer, signed: signed)
    }

    /// What is in a file, as it can be compared without being shown: HMAC-SHA-256, hexadecimal.
    public func fingerprint(of file: SealedFile) -> String {
        Self.fingerprint(of: file.content, key: manifest.fingerprintKey)
    }

    /// - Parameter key: hexadecimal, as `makeFingerprintKey` gives it.
    public static func fingerprint(of content: [UInt8], key: String) -> String {
        HMACSHA256.code(key: Array(key.utf8), message: content).hexadecimal
    }

    /// 32 random bytes, hexadecimal. These digits themselves are the HMAC's key.
    public static func makeFingerprintKey() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }.hexadecimal
    }

    private static func isFingerprintKey(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

/// A bundle out of the bucket, and who signed it.
public struct OpenedBundle: Sendable {
    public let bundle: SealedBundle
    /// The certificate inside, whose key has signed. Nothing says yet that it is to be believed.
    public let signer: CertificateFacts
    /// What was inside the envelope, for whoever seals it anew to other recipients: the signature stays the owner's.
    public let signed: [UInt8]

    /// Whether it is what `name` has sealed: signed by a certificate of that name which one of the authorities issued (it may have ended
    /// since), and saying so of itself.
    ///
    /// - Throws: `SealedBundleError.foreignSigner`, `.ofAnother`
    public func requireOwner(_ name: PeerName, authorities: AuthorityBundle) throws {
        guard authorities.issuer(of: signer) != nil, !signer.isAuthority else {
            throw SealedBundleError.foreignSigner(subject: signer.subject)
        }
        let signed = try signer.peerName
        guard signed == name else {
            throw SealedBundleError.ofAnother(found: signed.uri, expected: name.uri)
        }
        let claimed = try bundle.manifest.owner.peerName(cluster: bundle.manifest.cluster)
        guard claimed == name else {
            throw SealedBundleError.ofAnother(found: claimed.uri, expected: name.uri)
        }
    }
}

extension OpenedBundle {
    /// Whether it is the version that its place in the bucket says: an old one that somebody put in the place of a newer brings keys back
    /// that no dump of then was made with.
    ///
    /// - Throws: `SealedBundleError.ofAnotherRun`
    public func requireRun(of key: String) throws(SealedBundleError) {
        let found = bundle.manifest.version?.fileName ?? "a version of no run"
        guard key.split(separator: "/").last.map(String.init) == found else {
            throw .ofAnotherRun(found: found, key: key)
        }
    }
}

/// What was signed holds every content: it is never shown.
extension OpenedBundle: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String {
        "\(bundle.files.count) files of \(bundle.manifest.owner.text), signed by \(signer.subject)"
    }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["bundle": bundle, "signer": signer.subject]) }
}
