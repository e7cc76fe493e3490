// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
public import Files

/// A program and the option that turns its direction, as a dumptype names them.
///
/// A restore runs a program that a header names only if one of these allows it: headers come out of the bucket.
public struct FilterCommand: Sendable, Hashable {
    /// Absolute.
    public let program: String
    /// What decrypts or decompresses with it.
    let undoOption: String

    /// A command by its words.
    public init(program: String, undoOption: String = "-d") {
        self.program = program
        self.undoOption = undoOption
    }

    /// Amanda's own programs and the compressors of a distribution, each with `-d`: they read standard input and write
    /// standard output, and nothing else.
    static let builtIn: Set<FilterCommand> = {
        let amanda = [
            "amcrypt", "amaespipe", "amcrypt-ossl", "amcrypt-ossl-asym", "amcryptsimple", "amgpgcrypt",
        ].map { "/usr/sbin/\($0)" }
        let compressors = [
            "gzip", "pigz", "bzip2", "pbzip2", "lbzip2", "zstd", "zstdmt", "pzstd", "xz", "pixz", "lzma",
            "lz4",
            "lzop",
        ].flatMap { ["/usr/bin/\($0)", "/bin/\($0)"] }
        return Set((amanda + compressors).map { FilterCommand(program: $0) })
    }()
}

extension DLEDescription {
    /// The programs that this DLE's dumptype runs: a restore of the same configuration may run them too.
    public var filterCommands: [FilterCommand] {
        FilterChain(self).all.compactMap { filter in
            switch filter {
            case .gzip, .zstd: nil
            case .saltedCBC(let program, let option), .encryption(let program, let option):
                FilterCommand(program: program, undoOption: option)
            case .compression(let program): FilterCommand(program: program)
            }
        }
    }

    /// What keeps this DLE's programs from running here, as its dump would say: a user, a passphrase, a program. Nothing is run.
    public func filterFaults(runningAs user: UserAccount?) -> [FilterError] {
        FilterChain(self).faults(FilterSettings(user: user, width: 1, stallLimit: .seconds(1)))
    }
}
