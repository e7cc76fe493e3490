// SPDX-License-Identifier: Apache-2.0

public import BlockingWork
import COpenSSL
@_exported public import Faults

/// What `openssl enc -aes-256-cbc -nopad -salt` makes and reads, which is what Amanda's `amcrypt-ossl` stores.
///
/// Shape: `Salted__`, 8 bytes of salt, AES-256 in CBC mode over whole blocks of 16 bytes. Key and first vector come from
/// passphrase and salt by EVP_BytesToKey with one round. Nothing authenticates it. Source: `openssl enc`
/// as `/usr/sbin/amcrypt-ossl` of Amanda 3.5.1 calls it.
public enum SaltedCBC {
    /// The digest that makes the key: SHA-256 since OpenSSL 1.1.0, MD5 before.
    public enum KeyDigest: Sendable { case sha256, md5 }

    /// Bytes before the encrypted ones.
    public static let headerByteCount = 16
    /// Data are filled with zeros to a multiple of this, which no reader takes off again.
    public static let paddingUnit = 96

    static let magic = Array("Salted__".utf8)
    static let blockByteCount = 16
}

/// Why nothing could be encrypted or decrypted.
public enum CipherError: Fault, Equatable {
    /// The stream does not begin with `Salted__`.
    case notSalted
    /// It ends in the middle of a cipher's block.
    case truncated
    /// libcrypto refused.
    case unavailable

    /// One line, lower case.
    public var facts: String {
        switch self {
        case .notSalted: "the stream does not begin with 'Salted__'"
        case .truncated: "the encrypted stream ends in the middle of a block"
        case .unavailable: "libcrypto refuses AES-256-CBC"
        }
    }
}

/// One direction of AES-256-CBC without padding, freed exactly once; one thread at a time.
public final class SaltedCBCCipher {
    private let context: OpaquePointer
    private var byteCount: Int64 = 0

    /// Eight random bytes.
    public static func makeSalt() -> [UInt8] {
        (0..<8).map { _ in UInt8.random(in: 0...255) }
    }

    /// `salt`: eight bytes, of the stream's header.
    public init(
        encrypting: Bool, _ passphrase: Passphrase, salt: [UInt8], digest: SaltedCBC.KeyDigest = .sha256
    ) throws(CipherError) {
        precondition(salt.count == 8)
        var key = [UInt8](repeating: 0, count: 32)
        var vector = [UInt8](repeating: 0, count: 16)
        let kind = digest == .sha256 ? EVP_sha256() : EVP_md5()
        let keyByteCount = EVP_BytesToKey(
            EVP_aes_256_cbc(), kind, salt, passphrase.bytes, Int32(passphrase.bytes.count), 1, &key, &vector)
        guard keyByteCount == 32, let context = EVP_CIPHER_CTX_new() else { throw .unavailable }
        self.context = context
        let status = EVP_CipherInit_ex(
            context, EVP_aes_256_cbc(), nil, key, vector, encrypting ? 1 : 0)
        OPENSSL_cleanse(&key, key.count)
        guard status == 1, EVP_CIPHER_CTX_set_padding(context, 0) == 1 else { throw .unavailable }
    }

    deinit {
        EVP_CIPHER_CTX_free(context)
    }

    /// Appends what `input` becomes to `output`, which must have room for 16 bytes more than that.
    public func update(_ input: UnsafeRawBufferPointer, into output: ByteBlock) throws(CipherError) {
        precondition(
            input.count <= 1 << 30 && output.remainder.count >= input.count + SaltedCBC.blockByteCount)
        guard !input.isEmpty else { return }
        var written: Int32 = 0
        let status = EVP_CipherUpdate(
            context, output.remainder.baseAddress?.assumingMemoryBound(to: UInt8.self), &written,
            input.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(input.count))
        guard status == 1 else { throw .unavailable }
        byteCount += Int64(input.count)
        output.count += Int(written)
    }

    /// The stream has ended; there is nothing more to give.
    ///
    /// - Throws: `truncated` unless it was whole blocks.
    public func finish() throws(CipherError) {
        guard byteCount % Int64(SaltedCBC.blockByteCount) == 0 else { throw .truncated }
    }

    /// `Salted__` and the salt.
    public static func header(salt: [UInt8]) -> [UInt8] { SaltedCBC.magic + salt }

    /// The salt of a stream that begins with these 16 bytes.
    public static func salt(header: some Collection<UInt8>) throws(CipherError) -> [UInt8] {
        guard header.count >= SaltedCBC.headerByteCount, header.starts(with: SaltedCBC.magic) else {
            throw .notSalted
        }
        return Array(header.dropFirst(8).prefix(8))
    }
}
