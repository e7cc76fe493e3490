// SPDX-License-Identifier: Apache-2.0

import Files

/// A file that an encryption program reads a key from.
struct KeyFile: Sendable, Hashable {
    /// Whether a dump can be decrypted without it.
    enum Need: Sendable, Hashable {
        case always
        /// One of all that say so.
        case anyOf
        /// The program does without, or it only encrypts.
        case ifPresent
    }

    var path: String
    var need: Need
}

/// What Amanda's own encryption programs need to decrypt what they have encrypted.
struct EncryptionProgram: Sendable {
    /// Where a key lies: in the script's variable of that name, else below the home of Amanda's user.
    private struct Place {
        let variable: String
        let below: String
        let need: KeyFile.Need
    }

    private let places: [Place]
    /// Whether the keys of a GnuPG home are among them.
    private let readsKeyring: Bool
    /// A second script, which reads keys as well: the variable that names it, and what it is where that says nothing.
    private let inner: (variable: String, path: String)?
    /// Whether who encrypts need not be able to decrypt, so that the private key may be kept elsewhere.
    let isAsymmetric: Bool

    /// Of Amanda's, by their file names. Source: the scripts of 3.5.1.
    private static let known: [String: EncryptionProgram] = {
        let passphrase = ".am_passphrase"
        let aespipe = Place(variable: "GPGKEY", below: ".gnupg/am_key.gpg", need: .always)
        return [
            "amcrypt": .init(
                [Place(variable: "AM_PASSPHRASE", below: passphrase, need: .always)],
                inner: ("AM_AESPIPE", "/usr/sbin/amaespipe")),
            "amaespipe": .init([aespipe]),
            "amcryptsimple": .init([Place(variable: "AM_PASS", below: passphrase, need: .always)]),
            "amgpgcrypt": .init(
                [
                    Place(variable: "AM_PASS", below: passphrase, need: .always),
                    Place(variable: "AM_PRIV", below: ".gnupg/secring.gpg", need: .anyOf),
                ], readsKeyring: true),
            "amcrypt-ossl": .init([Place(variable: "PASSPHRASE", below: passphrase, need: .always)]),
            "amcrypt-ossl-asym": .init(
                [
                    Place(variable: "PRIVKEY", below: "backup-privkey.pem", need: .always),
                    Place(variable: "PUBKEY", below: "backup-pubkey.pem", need: .ifPresent),
                    Place(variable: "PASSPHRASE", below: passphrase, need: .ifPresent),
                ], isAsymmetric: true),
        ]
    }()

    private init(
        _ places: [Place], readsKeyring: Bool = false, inner: (String, String)? = nil,
        isAsymmetric: Bool = false
    ) {
        self.places = places
        self.readsKeyring = readsKeyring
        self.inner = inner
        self.isAsymmetric = isAsymmetric || readsKeyring
    }

    /// nil: it is none of Amanda's, and nobody here knows what it reads.
    init?(named program: String) {
        let name = program.split(separator: "/").last.map(String.init) ?? program
        guard let known = Self.known[name] else { return nil }
        self = known
    }

    /// Names below a home that keys of these programs may have: what else lies there is none.
    static func isKeyName(below home: String, _ name: String) -> Bool {
        known.values.flatMap(\.places).contains { $0.below == name } || GnuPGHome.isKeyName(name)
    }

    /// Whether a path ends as that of a key in some home does.
    static func hasKeyName(_ path: String) -> Bool {
        let names = path.pathNames
        return (1...3).contains { count in
            names.count > count && isKeyName(below: "", names.suffix(count).joined(separator: "/"))
        }
    }

    /// The files as the program that is installed looks for them. Blocks.
    ///
    /// - Parameters:
    ///   - program: its path; its own text says where it looks, if it can be read.
    ///   - user: who runs it.
    ///   - sealed: paths of what is to come back.
    func keyFiles(
        of program: String, runBy user: UserAccount, besides sealed: Set<String> = []
    ) -> [KeyFile] {
        func home(_ name: String) -> String? {
            name == user.name ? user.home : UserAccount(named: name)?.home
        }
        let script = Self.variables(of: program, readBy: user)
        let own = script?.home(own: user.home, home) ?? user.home
        func path(_ variable: String) -> String? { script?.path(variable, own: user.home, home: home) }
        // Where nobody can follow a variable, what lies in the usual place is none that must be there.
        func need(_ need: KeyFile.Need, _ variable: String) -> KeyFile.Need {
            guard case .unclear? = script?.setting(variable, own: user.home, home: home) else { return need }
            return .ifPresent
        }
        var files = places.map { place in
            KeyFile(
                path: path(place.variable) ?? "\(own)/\(place.below)", need: need(place.need, place.variable))
        }
        if readsKeyring {
            files += GnuPGHome.keyFiles(
                in: path("GNUPGHOME") ?? "\(own)/.gnupg", readBy: user, besides: sealed
            ).map { KeyFile(path: $0.path, need: need($0.need, "GNUPGHOME")) }
        }
        if let inner, let second = EncryptionProgram(named: inner.path) {
            files += second.keyFiles(of: path(inner.variable) ?? inner.path, runBy: user)
        }
        return files
    }

    /// Variables by which the program that is installed finds its keys, and which nobody but itself can follow. Their values are told to
    /// nobody: one may be a passphrase. Blocks.
    func unclearSettings(of program: String, runBy user: UserAccount) -> [String] {
        guard let script = Self.variables(of: program, readBy: user) else { return [] }
        let names =
            places.map(\.variable) + (readsKeyring ? ["GNUPGHOME"] : [])
            + [inner?.variable].compactMap(\.self)
        func home(_ name: String) -> String? { UserAccount(named: name)?.home }
        let own = Set(names).sorted().compactMap { name -> String? in
            guard case .unclear = script.setting(name, own: user.home, home: home) else { return nil }
            return name
        }
        guard let inner, let second = EncryptionProgram(named: inner.path) else { return own }
        return own
            + second.unclearSettings(
                of: script.path(inner.variable, own: user.home, home: home) ?? inner.path, runBy: user)
    }

    private static let scriptByteCountLimit = 1 << 20

    private static func variables(of program: String, readBy user: UserAccount) -> ScriptVariables? {
        guard
            let (bytes, _) = try? FileSystem.readRegular(
                program, limit: scriptByteCountLimit, by: user.owner)
        else { return nil }
        return ScriptVariables(parsing: String(decoding: bytes, as: UTF8.self))
    }
}
