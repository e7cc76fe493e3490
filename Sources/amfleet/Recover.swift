// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import ArgumentParser
import Coordinator

struct RecoverVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "The coordinator again, on an empty machine, out of the bucket and the recovery key.",
        discussion: """
            Nothing that is there is written over. What the recovery kit says of the store need not be said again.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: ArgumentHelp("Where the cluster's backups are.", valueName: "s3://BUCKET/PREFIX"))
    var place: String

    @OptionGroup var key: RecoveryKeyOptions

    @Option(help: "The bucket's region.")
    var region: String?

    @Option(help: "https://HOST[:PORT] of a store that is not AWS.")
    var endpoint: String?

    @Option(help: "path or virtualHost.")
    var addressing: String?

    @Option(help: "CA certificates for the store's https, if it is not publicly trusted.")
    var storageAuthority: String?

    @Option(help: "S3 credentials, in the form of ~/.aws/credentials (default: the usual places).")
    var credentialsFile: String?

    @Option(help: "The directory to write into.")
    var directory = "."

    @Flag(help: "Believe what was sealed under a certificate that was revoked later.")
    var acceptRevokedSigner = false

    func validate() throws {
        guard key.recoveryKey != nil else {
            throw ValidationError("name the recovery kit with --recovery-key")
        }
        if let addressing, StorageAddress.Addressing(rawValue: addressing) == nil {
            throw ValidationError("--addressing must be 'path' or 'virtualHost', found '\(addressing)'")
        }
        if common.cluster != nil {
            throw ValidationError("there is no cluster.json yet: --directory says where it is written")
        }
    }

    func report() async throws -> any CommandReport {
        let options = RecoverCommand.Options(
            place: try StorageURL(place), region: region, endpoint: endpoint,
            addressing: addressing.flatMap(StorageAddress.Addressing.init(rawValue:)),
            storageAuthority: storageAuthority, credentialsFile: credentialsFile, directory: directory,
            acceptsRevokedSigner: acceptRevokedSigner)
        return try await RecoverCommand(options, key: key.required, logger: common.logger).run()
    }
}
