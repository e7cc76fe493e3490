// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Dump
import Files
import S3

/// Every secret that a restore of this node needs, as its own files name them: the keys of the programs that its dumptypes
/// encrypt with, the agent's settings, and what it reaches the store with. The node's own TLS key is none: a new machine gets another.
struct SecretInventory: Sendable {
    /// One file that is sealed if it is there.
    struct Entry: Sendable, Equatable {
        let path: String
        let kind: SealedFile.Kind
        /// With whose rights it is read; nil: root's.
        let reader: FileOwner?
        var need: KeyFile.Need
        /// Whose dumps cannot be read without it.
        var users: [Use]
    }

    /// Dumps of a configuration by one program.
    struct Use: Sendable, Hashable {
        let configuration: String
        let program: String
    }

    /// Each path once.
    private(set) var entries: [Entry] = []
    /// Programs of which nobody knows what they read.
    private(set) var unknown: [Use] = []
    /// Variables of programs that nobody else can follow: where their keys lie is not known.
    private(set) var unclear: [(use: Use, variable: String)] = []
    /// Whose keys are said to be kept elsewhere.
    private(set) var elsewhere: [Use] = []
    /// What a property names and cannot be meant.
    private(set) var unusable: [(use: Use, what: String)] = []
    private let forbidden: Set<String>

    /// Looks into homes and directories; blocks.
    ///
    /// - Parameter configurations: of the job or the question. What else lies in Amanda's directory counts as far as it is there: a run
    ///   of one configuration must not lose the keys of another.
    init(_ configurations: [CheckedConfiguration], _ settings: AgentSettings) {
        forbidden = [settings.tls.privateKey]
        for configuration in configurations {
            guard let loaded = try? configuration.loaded.get() else { continue }
            add(loaded, named: configuration.choice.name, isAsked: true)
        }
        let asked = Set(configurations.map(\.choice.name))
        for name in ConfigurationDirectory.all(in: settings.amandaDirectory) where !asked.contains(name) {
            let directory = ConfigurationDirectory(root: settings.amandaDirectory, name: name)
            if let loaded = try? directory.load() { add(loaded, named: name, isAsked: false) }
        }
        addOwn(settings)
    }

    private mutating func add(_ loaded: LoadedConfiguration, named name: String, isAsked: Bool) {
        var seen: Set<[String]> = []
        for entry in loaded.disklist.entries {
            let property = SecretProperty(entry.dumptype)
            guard let program = entry.dumptype.programWithKeys(property) else { continue }
            let says = property.map { $0.paths + [String($0.isElsewhere)] + $0.unusable } ?? []
            guard seen.insert([program] + says).inserted else { continue }
            let use = Use(configuration: name, program: program)
            add(use, property, runBy: loaded.dumpuser, isAsked: isAsked)
        }
    }

    /// Keys alone.
    var keys: [Entry] { entries.filter { $0.kind == .encryption } }

    private mutating func add(
        _ use: Use, _ property: SecretProperty?, runBy user: UserAccount, isAsked: Bool
    ) {
        let known = EncryptionProgram(named: use.program)
        if isAsked {
            if property?.isElsewhere == true, !elsewhere.contains(use) { elsewhere.append(use) }
            if known == nil, property == nil, !unknown.contains(use) { unknown.append(use) }
            if property == nil {
                unclear += (known?.unclearSettings(of: use.program, runBy: user) ?? [])
                    .map { (use: use, variable: $0) }
            }
            for what in property?.unusable ?? [] { unusable.append((use, "'\(what)' is no absolute path")) }
        }
        for file in known?.keyFiles(of: use.program, runBy: user) ?? [] {
            let need = property?.isElsewhere == true || !isAsked ? .ifPresent : file.need
            add(file.path, .encryption, reader: user.owner, need, use)
        }
        for path in property?.paths ?? [] {
            for file in Self.files(at: path) {
                add(file, .encryption, reader: user.owner, isAsked ? .always : .ifPresent, use)
            }
        }
    }

    private mutating func addOwn(_ settings: AgentSettings) {
        if let file = settings.file { add(file, .settings, reader: nil, .ifPresent, nil) }
        if let file = settings.storage.credentialsFile {
            add(file, .credentials, reader: nil, .ifPresent, nil)
        }
        if let file = settings.storage.authority { add(file, .authority, reader: nil, .ifPresent, nil) }
        if settings.storage.credentialsFile == nil {
            for file in CredentialChain.sharedFiles() {
                add(file, .credentials, reader: nil, .ifPresent, nil)
            }
        }
    }

    private mutating func add(
        _ path: String, _ kind: SealedFile.Kind, reader: FileOwner?, _ need: KeyFile.Need, _ use: Use?
    ) {
        guard SecretPath(path) != nil, !forbidden.contains(path) else {
            if let use { unusable.append((use, "'\(path)' is not sealed: it is no key of Amanda's")) }
            return
        }
        guard let index = entries.firstIndex(where: { $0.path == path }) else {
            entries.append(
                Entry(path: path, kind: kind, reader: reader, need: need, users: use.map { [$0] } ?? []))
            return
        }
        if let use, !entries[index].users.contains(use) { entries[index].users.append(use) }
        if need == .always || entries[index].need == .ifPresent { entries[index].need = need }
    }

    /// A file is itself; a directory is the files in it and in its directories, no deeper. A link that leads to a file is one: secrets that
    /// are mounted or rotated lie behind links.
    private static func files(at path: String) -> [String] {
        guard FileSystem.isDirectory(path) else { return [path] }
        let top = path.hasSuffix("/") ? String(path.dropLast()) : path
        // What cannot be listed or looked at stays, and whoever reads it says why it cannot be read.
        guard let names = try? FileSystem.list(top) else { return [path] }
        let all = names.flatMap { name -> [String] in
            let inner = "\(top)/\(name)"
            guard (try? FileSystem.status(inner))?.kind == .directory, let names = try? FileSystem.list(inner)
            else { return [inner] }
            return names.map { "\(inner)/\($0)" }
        }
        return Array(all.filter(isFile).prefix(SecretLimits.fileCount))
    }

    private static func isFile(_ path: String) -> Bool {
        do {
            let kind = try FileSystem.status(path)?.kind
            guard kind == .symbolicLink else { return kind == .regular }
            return try FileSystem.status(FileSystem.realPath(path))?.kind == .regular
        } catch {
            return true
        }
    }
}

extension DumpType {
    /// Whose keys a dump needs: what encrypts it. Where nothing does, a compressor that is an encryption program of Amanda's, or whatever
    /// the property is meant for: what compresses, a script, else the dumptype by its name.
    fileprivate func programWithKeys(_ property: SecretProperty?) -> String? {
        if let encryptionProgram { return encryptionProgram }
        switch compression {
        case .clientCustom(let program), .serverCustom(let program):
            return property != nil || EncryptionProgram(named: program) != nil ? program : nil
        case .none, .clientFast, .clientBest, .serverFast, .serverBest:
            return property == nil ? nil : scripts.first?.plugin ?? name
        }
    }

    /// nil: nothing is encrypted.
    var encryptionProgram: String? {
        switch encryption {
        case .none: nil
        case .client(let program, _), .server(let program, _): program
        }
    }
}
