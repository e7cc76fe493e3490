// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import HiddenCharacters

/// Which tar may run as root: `amanda-security.conf`, beside Amanda's directory.
///
/// `amanda.conf` belongs to the dumpuser, so what it names must not run with more rights than the dumpuser has. Shape:
/// lines `amgtar:gnutar_path=/path`; `#` begins a comment. Without the file Amanda's own defaults hold, `/bin/tar` and
/// `/usr/bin/tar`. Only a file that root owns and nobody else can write counts. Source: Amanda 3.5.1
/// `common-src/security-file.c`.
struct SecurityFile: Sendable {
    static let fileName = "amanda-security.conf"

    let path: String

    init(besides amandaDirectory: String) {
        path = "\(FileSystem.parentDirectory(of: amandaDirectory))/\(Self.fileName)"
    }

    init(path: String) {
        self.path = path
    }

    /// - Throws: `WireError` for a GNUTAR-PATH that is none that root has allowed.
    func requireAllowed(_ tar: String) throws {
        guard try !isAllowed(tar) else { return }
        throw WireError(
            .configuration, "GNUTAR-PATH '\(tar)' is not allowed to run as root",
            hint: "add the line 'amgtar:gnutar_path=\(tar)' to '\(path)', which only root may write.")
    }

    func isAllowed(_ tar: String) throws -> Bool {
        try Self.defaults.contains(tar) || allowed().contains(tar)
    }

    /// Whether a file lets nothing run that would not run without it: it names only Amanda's own defaults.
    static func isHarmless(_ text: String) -> Bool {
        lines(of: text).allSatisfy { name, value in name.hasSuffix(":gnutar_path") && defaults.contains(value)
        }
    }

    /// Whether a file says nothing at all, as the packages bring it.
    static func isSilent(_ text: String) -> Bool { lines(of: text).isEmpty }

    private static let defaults = ["/bin/tar", "/usr/bin/tar"]

    private func allowed() throws -> [String] {
        guard let status = try FileSystem.status(path) else { return [] }
        guard status.kind == .regular, status.owner.userID == 0, status.mode & 0o022 == 0 else {
            throw WireError(
                .configuration, "'\(path)' can be written by others than root: it is not believed",
                hint: "chown root:root \(path.shellQuoted) && chmod 644 \(path.shellQuoted).")
        }
        let bytes = try FileSystem.readAll(path, limit: 1 << 20)
        let form = TextForm(of: bytes)
        if let what = form.fault, let mend = form.mend(path) {
            throw WireError(
                .configuration, at: FaultPlace(file: path, line: 1),
                "the file \(what); stock Amanda cannot read it",
                hint: "run: \(mend)")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .enumerated()
        {
            guard let hidden = HiddenCharacter(firstIn: line.prefix { $0 != "#" }) else { continue }
            throw WireError(
                .configuration, at: FaultPlace(file: path, line: index + 1, column: hidden.column),
                "\(hidden.name) stands here, where nobody sees it", hint: "remove it.")
        }
        return Self.lines(of: text).filter { $0.name == "amgtar:gnutar_path" }.map(\.value)
    }

    /// What is set, in small letters, and to what; a line without `=` sets nothing.
    private static func lines(of text: String) -> [(name: String, value: String)] {
        text.split { $0 == "\n" || $0 == "\r\n" }.compactMap { line in
            let words = line.prefix { $0 != "#" }.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false
            ).map { word in
                String(word.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
            }
            return words.count == 2 ? (words[0].lowercased(), words[1]) : nil
        }
    }
}
