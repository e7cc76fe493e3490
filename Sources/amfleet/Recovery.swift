// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BlockingWork
import Coordinator
import Files

struct RecoveryVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recovery", abstract: "The recovery key: what is sealed can only be opened with it.",
        subcommands: [
            RecoveryAddVerb.self, RecoveryRotateVerb.self, RecoveryKitVerb.self, RecoveryCheckVerb.self,
            RecoverySealVerb.self,
        ])
}

struct RecoveryAddVerb: Verb {
    static let documentName = "recovery add"

    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Make a recovery key for a cluster that has none, or add one more.",
        discussion: "A kit that is there already is not made anew: its certificate is added.")

    @OptionGroup var common: CommonOptions

    @Option(
        help: ArgumentHelp(
            "Where to write the kit (default: \(RecoveryKeyMaking.kitName) beside cluster.json), or one that is there.",
            valueName: "file"))
    var recoveryKey: String?

    @Option(help: ArgumentHelp("Add this certificate, of a key that you have.", valueName: "file"))
    var certificate: String?

    @Flag(help: "Ask for a passphrase of the new key.")
    var recoveryPassphrase = false

    @Option(help: ArgumentHelp("The new key's passphrase, the first line of this file.", valueName: "file"))
    var recoveryPassphraseFile: String?

    func validate() throws {
        let asksPassphrase = recoveryPassphrase || recoveryPassphraseFile != nil
        if certificate != nil, recoveryKey != nil || asksPassphrase {
            throw ValidationError("--certificate, or the options of a new key")
        }
    }

    func report() async throws -> any CommandReport {
        try await withCluster { cluster in
            try await RecoveryAddCommand(cluster, source(cluster)).run()
        }
    }

    private func source(_ cluster: Cluster) async throws -> RecoveryAddCommand.Source {
        if let certificate { return .certificate(path: certificate) }
        let path = recoveryKey ?? cluster.beside(RecoveryKeyMaking.kitName)
        if try await runBlocking("recovery", { try FileSystem.isPresent(path) }) { return .kit(path: path) }
        let question = NewPassphrase(isAsked: recoveryPassphrase, file: recoveryPassphraseFile).passphrase
        return .new(RecoveryKeyMaking(kitPath: path, passphrase: try await question?.new()))
    }
}

struct RecoveryRotateVerb: Verb {
    static let documentName = "recovery rotate"

    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "A new recovery key in the place of one; no dump is touched.",
        discussion: """
            With the old kit, what is sealed to it is sealed to the new key; without, the old one is still needed for it. \
            After it was cut short: run it again with the same options.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var key: RecoveryKeyOptions

    @Option(
        help: ArgumentHelp(
            "Where to write the new kit (default: \(RecoveryKeyMaking.kitName) beside cluster.json).",
            valueName: "file"))
    var newKit: String?

    @Option(
        help: ArgumentHelp(
            "Which one goes, as 'recovery' in cluster.json names it, where several are there and the old kit is not.",
            valueName: "file"))
    var replaces: String?

    @Flag(help: "Ask for a passphrase of the new key.")
    var newPassphrase = false

    @Option(help: ArgumentHelp("The new key's passphrase, the first line of this file.", valueName: "file"))
    var newPassphraseFile: String?

    @OptionGroup var lease: LeaseOptions

    func report() async throws -> any CommandReport {
        try await withCluster { cluster in
            let options = RecoveryRotateCommand.Options(
                old: key.file, replaces: replaces,
                newKit: newKit ?? cluster.beside(RecoveryKeyMaking.kitName),
                passphrase: NewPassphrase(isAsked: newPassphrase, file: newPassphraseFile).passphrase,
                isLeased: lease.isLeased)
            return try await RecoveryRotateCommand(cluster, options).run()
        }
    }
}

struct RecoveryKitVerb: Verb {
    static let documentName = "recovery kit"

    static let configuration = CommandConfiguration(
        commandName: "kit",
        abstract: "Print the recovery kit anew, as the cluster is now, from an old one or the key.",
        discussion:
            "A key that has a passphrase keeps it. The coordinator itself cannot: it has no private part.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var key: RecoveryKeyOptions

    @Option(help: ArgumentHelp("Write it to this new file (0600) instead of printing it.", valueName: "file"))
    var output: String?

    func validate() throws {
        guard key.recoveryKey != nil else {
            throw ValidationError("name the old kit or the key with --recovery-key")
        }
        if common.json, output == nil {
            throw ValidationError("the key stands in no JSON: name a file with --output")
        }
    }

    func report() async throws -> any CommandReport {
        let file = try await runBlocking("cluster") { [path = common.cluster] in try ClusterFile.load(path) }
        return try await RecoveryKitCommand(file, key: key.required, output: output).run()
    }
}

struct RecoverySealVerb: Verb {
    static let documentName = "recovery seal"

    static let configuration = CommandConfiguration(
        commandName: "seal",
        abstract:
            "Seal what makes this coordinator now; each 'amfleet backup' does it where something has changed."
    )

    @OptionGroup var common: CommonOptions

    @Flag(
        help:
            "Also over what another coordinator has sealed since: what that one alone has is in no seal then."
    )
    var overOthers = false

    func report() async throws -> any CommandReport {
        try await withCluster { try await RecoverySealCommand($0, overOthers: overOthers).run() }
    }
}

struct RecoveryCheckVerb: Verb {
    static let documentName = "recovery check"

    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Whether a recovery key opens what lies in the bucket, and whose it is; exit 7 if not.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var key: RecoveryKeyOptions

    func validate() throws {
        guard key.recoveryKey != nil else {
            throw ValidationError("name the recovery kit with --recovery-key")
        }
    }

    func report() async throws -> any CommandReport {
        let key = try key.required
        return try await withCluster { try await RecoveryCheckCommand($0, key: key).run() }
    }
}
