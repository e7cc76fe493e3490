// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Gzip

/// One step between tar's archive and what is stored.
enum Filter: Sendable, Equatable {
    /// Compressed by ourselves, in members.
    case gzip(GzipLevel)
    /// `PROG` compresses, `PROG -d` decompresses.
    case compression(program: String)
    /// `PROG` encrypts, `PROG OPTION` decrypts.
    case encryption(program: String, decryptOption: String)

    /// The program, where there is one.
    var program: FilterProgram? {
        switch self {
        case .gzip: nil
        case .compression(let program): FilterProgram(path: program, undoOption: "-d", kind: .compression)
        case .encryption(let program, let option):
            FilterProgram(path: program, undoOption: option, kind: .encryption)
        }
    }
}

/// What happens to a dump between tar and the bucket: first what Amanda's client does, then what its server does.
///
/// Source: FORMAT.md section 6. The client's stream is that between the two.
struct FilterChain: Sendable, Equatable {
    var client: [Filter] = []
    var server: [Filter] = []

    var all: [Filter] { client + server }
    var isEmpty: Bool { client.isEmpty && server.isEmpty }

    /// As the dumptype asks.
    init(_ dle: DLEDescription) {
        switch dle.compression {
        case nil: break
        case .clientFast: client.append(.gzip(.fast))
        case .clientBest: client.append(.gzip(.best))
        case .serverFast: server.append(.gzip(.fast))
        case .serverBest: server.append(.gzip(.best))
        case .clientCustom(let program): client.append(.compression(program: program))
        case .serverCustom(let program): server.append(.compression(program: program))
        }
        switch dle.encryption {
        case nil: break
        case .clientCustom(let program, let option):
            client.append(.encryption(program: program, decryptOption: option ?? "-d"))
        case .serverCustom(let program, let option):
            server.append(.encryption(program: program, decryptOption: option ?? "-d"))
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
                client.append(.compression(program: program))
            } else if let program = header.serverCompressProgram {
                server.append(.compression(program: program))
            } else {
                throw .unnamed(what: "compressed")
            }
        case let suffix?: throw .unknownSuffix(suffix)
        }
        guard header.encryptionSuffix != nil else { return }
        if let program = header.clientEncryptProgram {
            client.append(.encryption(program: program, decryptOption: header.clientDecryptOption ?? "-d"))
        } else if let program = header.serverEncryptProgram {
            server.append(.encryption(program: program, decryptOption: header.serverDecryptOption ?? "-d"))
        } else {
            throw .unnamed(what: "encrypted")
        }
    }

    init() {}
}
