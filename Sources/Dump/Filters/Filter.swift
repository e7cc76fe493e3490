// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import Gzip

/// One step between tar's archive and what is stored.
enum Filter: Sendable, Equatable {
    /// Compressed by ourselves, in members.
    case gzip(GzipLevel)
    /// Compressed by ourselves in place of `zstd`, in members.
    case zstd
    /// Encrypted by ourselves in place of this program, `amcrypt-ossl`.
    case saltedCBC(program: String, decryptOption: String)
    /// `PROG` compresses, `PROG -d` decompresses.
    case compression(program: String)
    /// `PROG` encrypts, `PROG OPTION` decrypts.
    case encryption(program: String, decryptOption: String)

    /// The fastest way to what `program` makes.
    static func compressing(by program: String) -> Filter {
        let isZstd = ["zstd", "zstdmt", "pzstd"].contains(FilterProgram.name(of: program))
        return isZstd ? .zstd : .compression(program: program)
    }

    /// The fastest way to what `program` makes.
    static func encrypting(by program: String, decryptOption: String?) -> Filter {
        let option = decryptOption ?? "-d"
        return FilterProgram.name(of: program) == "amcrypt-ossl"
            ? .saltedCBC(program: program, decryptOption: option)
            : .encryption(program: program, decryptOption: option)
    }

    /// The same for a stream that `program` made: gzip's we read too, whoever wrote it.
    static func decompressing(_ program: String) -> Filter {
        let isGzip = ["gzip", "pigz"].contains(FilterProgram.name(of: program))
        return isGzip ? .gzip(.fast) : .compressing(by: program)
    }

    /// The same, by the program itself where the one on this node was changed, as its own comments invite.
    var asInstalled: Filter {
        guard case .saltedCBC(let path, let option) = self, let text = try? FileSystem.readAll(path) else {
            return self
        }
        let script = String(decoding: text, as: UTF8.self)
        let isAsDelivered = [
            "\nCIPHER=aes-256-cbc", " -nopad -salt ", "$bs = 96;", "\nPASSPHRASE=$AMANDA_HOME/.am_passphrase",
        ].allSatisfy(script.contains)
        return isAsDelivered ? self : .encryption(program: path, decryptOption: option)
    }

    /// Whether we compress or decompress ourselves.
    var isNativeCompression: Bool {
        switch self {
        case .gzip, .zstd: true
        case .saltedCBC, .compression, .encryption: false
        }
    }

    var isEncryption: Bool {
        switch self {
        case .saltedCBC, .encryption: true
        case .gzip, .zstd, .compression: false
        }
    }

    /// The program that runs; nil: none does.
    var program: FilterProgram? {
        switch self {
        case .gzip, .zstd, .saltedCBC: nil
        case .compression(let program): FilterProgram(path: program, undoOption: "-d", kind: .compression)
        case .encryption(let program, let option):
            FilterProgram(path: program, undoOption: option, kind: .encryption)
        }
    }
}

/// What happens to a dump between tar and the bucket: first what Amanda's client does, then what its server does.
///
/// Source: Amanda 3.5.1 `client-src/sendbackup.c` and `server-src/dumper.c`. The client's stream is that between the two.
struct FilterChain: Sendable, Equatable {
    var client: [Filter] = []
    var server: [Filter] = []

    var all: [Filter] { client + server }
    var isEmpty: Bool { client.isEmpty && server.isEmpty }

    /// For `runBlocking(asking:)`: the programs that it starts or looks at.
    var mayHang: [String] {
        all.compactMap { if case .saltedCBC(let path, _) = $0 { path } else { $0.program?.path } }
    }

    /// See `Filter.asInstalled`.
    var asInstalled: FilterChain {
        var chain = self
        chain.client = client.map(\.asInstalled)
        chain.server = server.map(\.asInstalled)
        return chain
    }

    /// As the dumptype asks.
    init(_ dle: DLEDescription) {
        switch dle.compression {
        case nil: break
        case .clientFast: client.append(.gzip(.fast))
        case .clientBest: client.append(.gzip(.best))
        case .serverFast: server.append(.gzip(.fast))
        case .serverBest: server.append(.gzip(.best))
        case .clientCustom(let program): client.append(.compressing(by: program))
        case .serverCustom(let program): server.append(.compressing(by: program))
        }
        switch dle.encryption {
        case nil: break
        case .clientCustom(let program, let option):
            client.append(.encrypting(by: program, decryptOption: option))
        case .serverCustom(let program, let option):
            server.append(.encrypting(by: program, decryptOption: option))
        }
    }

    /// As a header says, which needs no DLE for it: line 1 names programs and sides, and the XML only who ran gzip.
    init(_ header: DumpHeader, _ dle: DLEDescription?) throws(FilterError) {
        switch header.compressionSuffix {
        case nil: break
        case ".gz":
            switch dle?.compression {
            case .serverFast, .serverBest: server.append(.gzip(.fast))
            default: client.append(.gzip(.fast))
            }
        case "cust":
            if let program = header.clientCompressProgram {
                client.append(.decompressing(program))
            } else if let program = header.serverCompressProgram {
                server.append(.decompressing(program))
            } else {
                throw .unnamed(what: "compressed")
            }
        case let suffix?: throw .unknownSuffix(suffix)
        }
        guard header.encryptionSuffix != nil else { return }
        if let program = header.clientEncryptProgram {
            client.append(.encrypting(by: program, decryptOption: header.clientDecryptOption))
        } else if let program = header.serverEncryptProgram {
            server.append(.encrypting(by: program, decryptOption: header.serverDecryptOption))
        } else {
            throw .unnamed(what: "encrypted")
        }
    }

    init() {}
}
