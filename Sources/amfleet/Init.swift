// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import ArgumentParser
import BlockingWork
import Coordinator

struct InitVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a cluster: its authority, the coordinator's certificate, cluster.json.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The cluster's name: lower-case letters, digits and hyphens.")
    var name: String

    @Option(help: "The bucket that holds every backup.")
    var bucket: String

    @Option(help: "Where in the bucket (default: the cluster's name).")
    var prefix: String?

    @Option(help: "The bucket's region.")
    var region = "us-east-1"

    @Option(help: "https://HOST[:PORT] of a store that is not AWS.")
    var endpoint: String?

    @Option(help: "path or virtualHost (default: virtualHost on AWS, path elsewhere).")
    var addressing: String?

    @Option(help: "CA certificates for the store's https, if it is not publicly trusted.")
    var storageAuthority: String?

    @Option(help: "The coordinator's own S3 credentials, in the form of ~/.aws/credentials.")
    var credentialsFile: String?

    @Option(name: .customLong("self"), help: "The configuration that backs up the node itself.")
    var selfBackup = "amanda-server"

    @Option(help: "A configuration with data; may be repeated.")
    var data: [String] = []

    @Option(help: "The directory to write into.")
    var directory = "."

    @Option(
        help: ArgumentHelp(
            "Where to write the recovery kit, which must not be there yet (default: \(RecoveryKeyMaking.kitName) in the directory).",
            valueName: "file"))
    var recoveryKey: String?

    @Flag(help: "Ask for a passphrase of the recovery key.")
    var recoveryPassphrase = false

    @Option(
        help: ArgumentHelp("The recovery key's passphrase, the first line of this file.", valueName: "file"))
    var recoveryPassphraseFile: String?

    @Flag(help: "Make no recovery key: what is sealed to one then lies in no backup.")
    var withoutRecoveryKey = false

    func validate() throws {
        let wantsKey = recoveryKey != nil || recoveryPassphrase || recoveryPassphraseFile != nil
        if withoutRecoveryKey, wantsKey {
            throw ValidationError("--without-recovery-key, or the options of one")
        }
        if recoveryPassphrase, recoveryPassphraseFile != nil {
            throw ValidationError("--recovery-passphrase, or --recovery-passphrase-file")
        }
        if let addressing, StorageAddress.Addressing(rawValue: addressing) == nil {
            throw ValidationError("--addressing must be 'path' or 'virtualHost', found '\(addressing)'")
        }
    }

    func report() async throws -> any CommandReport {
        let address = StorageAddress(
            bucket: bucket, prefix: prefix ?? name, region: region, endpoint: endpoint,
            addressing: addressing.flatMap(StorageAddress.Addressing.init(rawValue:)))
        var settings = ClusterSettings(
            cluster: name,
            storage: .init(address: address, credentialsFile: credentialsFile, authority: storageAuthority),
            configurations: .init(selfBackup: selfBackup, data: data))
        if withoutRecoveryKey { settings.recovery = [] }
        let recovery = try await recovery
        return try await runBlocking("cluster") { [directory, settings] in
            try ClusterFounding(settings, directory: directory, recovery: recovery).found()
        }
    }

    private var recovery: RecoveryKeyMaking? {
        get async throws {
            guard !withoutRecoveryKey else { return nil }
            let beside = "\(RecoveryKeyMaking.kitName)"
            let question = NewPassphrase(isAsked: recoveryPassphrase, file: recoveryPassphraseFile).passphrase
            return RecoveryKeyMaking(
                kitPath: recoveryKey ?? (directory == "." ? beside : "\(directory)/\(beside)"),
                passphrase: try await question?.new())
        }
    }
}
