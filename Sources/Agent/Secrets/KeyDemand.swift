// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Files
import HiddenCharacters

/// The key files of one program: of Amanda's, or as its dumptype names them.
struct KeyDemand: Sendable {
    let files: [KeyFile]

    /// nil: nobody knows what the program reads. Blocks.
    ///
    /// - Parameters:
    ///   - named: by the dumptype that this machine has; they may be directories.
    ///   - sealed: paths of what is to come back; nil: nobody knows.
    init?(program: String, user: UserAccount, naming named: [String] = [], besides sealed: Set<String>?) {
        let known = EncryptionProgram(named: program)
        guard known != nil || !named.isEmpty else { return nil }
        let own = known?.keyFiles(of: program, runBy: user, besides: sealed ?? []) ?? []
        let paths = Set(own.map(\.path))
        files = own + named.filter { !paths.contains($0) }.map { KeyFile(path: $0, need: .always) }
        // Of a script that nobody can follow none is left that must be there.
        guard files.contains(where: { $0.need != .ifPresent }) else { return nil }
    }
}

/// Which of them are there.
struct KeyLook: Sendable {
    private let program: String
    /// nil: nobody knows.
    private let needed: [KeyFile]?
    private let states: [String: NodeRestorePlan.Key.State]
    private let kept: Set<String>
    private let leftOut: Set<String>

    /// Blocks, within a bound.
    ///
    /// - Parameters:
    ///   - kept: sealed keys that were not put back, since others are there.
    ///   - leftOut: sealed keys that have no place here without the operator's word.
    ///   - coming: directories that this restore fills.
    ///   - sealed: what the bucket has, and is not put back yet; nil: nobody knows.
    init(
        _ demand: KeyDemand?, program: String, kept: Set<String>, leftOut: Set<String> = [],
        coming: [String], sealed: Set<String>?
    ) {
        self.program = program
        (self.kept, self.leftOut) = (kept, leftOut)
        needed = demand?.files.filter { file in
            file.need != .ifPresent && !coming.contains { MountTable.isWithin(file.path, $0) }
        }
        let paths = (needed ?? []).map(\.path)
        let looks = PatientLook.all(paths, what: "key-look", limit: DiskLook.limit) {
            try? FileSystem.isPresent($0)
        }
        states = Dictionary(
            paths.map { path in
                let state: NodeRestorePlan.Key.State =
                    switch looks[path].flatMap(\.self) {
                    case true?: .there
                    case false?:
                        sealed.map { sealed in
                            sealed.union(leftOut).contains { MountTable.isWithin($0, path) }
                                ? .sealed : .missing
                        } ?? .unknown
                    case nil: .unknown
                    }
                return (path, state)
            }
        ) { first, _ in first }
    }

    /// For a plan.
    func keys(configuration: String, disk: String) -> [NodeRestorePlan.Key] {
        guard let needed else {
            return [
                NodeRestorePlan.Key(
                    configuration: configuration, disk: disk, program: program, state: .unknown)
            ]
        }
        // A keyring of another age is not missed where there is one.
        let isAnyThere = needed.contains { $0.need == .anyOf && states[$0.path] != .missing }
        let named = needed.filter { $0.need != .anyOf || !isAnyThere || states[$0.path] != .missing }
        return named.map { file in
            var key = NodeRestorePlan.Key(
                configuration: configuration, disk: disk, program: program,
                state: states[file.path] ?? .unknown)
            key.path = file.path
            return key
        }
    }

    /// Why nothing can be decrypted; nil: all is there, or does not say.
    ///
    /// - Parameter isSent: whether sealed keys come with the restore.
    func fault(node: String, isSent: Bool) -> WireError? {
        let needed = needed ?? []
        if let other = needed.first(where: { kept.contains($0.path) }) {
            return WireError(
                .failed, node: node,
                "'\(other.path)' is another one than was sealed, and '\(program)' decrypts with it",
                hint: "'--overwrite-keys' puts the sealed one back, and keeps a copy of what is there.")
        }
        func held(at path: String) -> [String] {
            leftOut.filter { MountTable.isWithin($0, path) }.sorted()
        }
        func isLacking(_ file: KeyFile) -> Bool {
            switch states[file.path] {
            case .missing: true
            case .sealed: !isSent || !held(at: file.path).isEmpty
            case .there, .unknown, nil: false
            }
        }
        let always = needed.first { $0.need == .always && isLacking($0) }
        let others = needed.filter { $0.need == .anyOf }
        let isWithoutAny = !others.isEmpty && others.allSatisfy(isLacking)
        guard let lacking = always ?? (isWithoutAny ? others.first : nil) else { return nil }
        let isSealed = states[lacking.path] == .sealed
        let flags = held(at: lacking.path).map { "--accept-key \($0.shellWord)" }
        guard flags.isEmpty else {
            return WireError(
                .failed, node: node,
                "'\(lacking.path)' is sealed, lies where no program of Amanda's has its keys, and '\(program)' decrypts nothing "
                    + "without it",
                hint: "'\(flags.joined(separator: " "))' puts it back.")
        }
        return WireError(
            .failed, node: node,
            "'\(lacking.path)' is not there, and '\(program)' decrypts nothing without it",
            hint: isSent
                ? "it was not among what was sealed: put it there from wherever it is kept, then restore again."
                : isSealed
                    ? "it is sealed in the bucket: '--recovery-key FILE' brings it back."
                    : "'--recovery-key FILE' brings back what was sealed; or put it there from wherever it is kept."
        )
    }
}
