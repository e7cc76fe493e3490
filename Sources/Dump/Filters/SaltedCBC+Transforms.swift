// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import ChildProcess
import Cipher
import Files

/// What `amcrypt-ossl` makes: zeros to a multiple of 96 bytes, unless there is one, then `openssl enc`.
struct SaltedCBCEncryption: StreamTransform {
    private let cipher: SaltedCBCCipher
    private let header: [UInt8]
    private var byteCount: Int64 = 0

    init(_ passphrase: Passphrase) throws {
        let salt = SaltedCBCCipher.makeSalt()
        cipher = try SaltedCBCCipher(encrypting: true, passphrase, salt: salt)
        header = SaltedCBCCipher.header(salt: salt)
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer, into output: ByteBlock) throws {
        if byteCount == 0 { header.withUnsafeBytes { _ = output.append($0) } }
        byteCount += Int64(bytes.count)
        try cipher.update(bytes, into: output)
    }

    mutating func finish(into output: ByteBlock) throws {
        let unit = SaltedCBC.paddingUnit
        let padding = [UInt8](repeating: 0, count: (unit - Int(byteCount % Int64(unit))) % unit)
        try padding.withUnsafeBytes { try update($0, into: output) }
        try cipher.finish()
    }
}

/// The way back. Dumps of an OpenSSL before 1.1.0 have a key made with MD5: what comes out tells which it was.
struct SaltedCBCDecryption: StreamTransform {
    private let passphrase: Passphrase
    private let program: String
    private let option: String
    /// Whether a stream that begins like this can be what was encrypted.
    private let isPlausible: @Sendable ([UInt8]) -> Bool
    private let notes: MessageNotes
    private var beginning: [UInt8] = []
    private var cipher: SaltedCBCCipher?

    /// Bytes that decide: a tar header's first block.
    static let probeByteCount = 512

    init(
        _ passphrase: Passphrase, program: String, option: String, notes: MessageNotes,
        isPlausible: @escaping @Sendable ([UInt8]) -> Bool
    ) {
        self.passphrase = passphrase
        self.program = program
        self.option = option
        self.notes = notes
        self.isPlausible = isPlausible
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer, into output: ByteBlock) throws {
        if let cipher { return try cipher.update(bytes, into: output) }
        let wanted = SaltedCBC.headerByteCount + Self.probeByteCount - beginning.count
        beginning += bytes.prefix(wanted)
        guard bytes.count >= wanted else { return }
        try begin(into: output)
        try cipher?.update(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(wanted)), into: output)
    }

    mutating func finish(into output: ByteBlock) throws {
        if cipher == nil { try begin(into: output) }
        do throws(CipherError) {
            try cipher?.finish()
        } catch {
            throw failure("\(error)")
        }
    }

    private mutating func begin(into output: ByteBlock) throws {
        for digest in [SaltedCBC.KeyDigest.sha256, .md5] {
            let (cipher, probe) = try decrypted(digest)
            guard isPlausible(probe) else { continue }
            if digest == .md5 {
                notes.append(
                    "its key was made with MD5, as OpenSSL before 1.1.0 did: \(program) \(option) of today cannot read it"
                )
            }
            self.cipher = cipher
            probe.withUnsafeBytes { _ = output.append($0) }
            return
        }
        throw failure(
            "what comes out is neither an archive nor compressed: the passphrase is not the one of that time")
    }

    private func decrypted(_ digest: SaltedCBC.KeyDigest) throws -> (SaltedCBCCipher, [UInt8]) {
        do throws(CipherError) {
            let salt = try SaltedCBCCipher.salt(header: beginning.prefix(SaltedCBC.headerByteCount))
            let cipher = try SaltedCBCCipher(encrypting: false, passphrase, salt: salt, digest: digest)
            let block = ByteBlock(capacity: Self.probeByteCount + 32)
            let rest = ByteBlock(Array(beginning.dropFirst(SaltedCBC.headerByteCount)))
            try cipher.update(rest.bytes, into: block)
            return (cipher, Array(block.bytes))
        } catch {
            throw failure("\(error)")
        }
    }

    private func failure(_ what: String) -> FilterError {
        .failed(program: program, doing: "decrypt", what: "\(what)", message: nil)
    }
}

extension Passphrase {
    /// Amanda's, in the home of the dumpuser.
    ///
    /// - Parameter given: counts before what lies there.
    static func read(
        of user: UserAccount, among given: [ChildFile] = []
    ) throws(FilterError) -> Passphrase {
        let path = "\(user.home)/.am_passphrase"
        let file: [UInt8]
        do throws(FilesError) {
            if let ours = given.first(where: { $0.path == path }) {
                file = ours.content
            } else {
                file = try FileSystem.readAll(path)
            }
        } catch {
            throw .noPassphrase(
                path: path, reason: error.isMissing ? "it does not exist" : FaultText(of: error))
        }
        let passphrase = Passphrase(firstLineOf: file)
        guard !passphrase.isEmpty else {
            throw .noPassphrase(path: path, reason: "its first line is empty")
        }
        return passphrase
    }
}
