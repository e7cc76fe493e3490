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

    func validate() throws {
        if let addressing, StorageAddress.Addressing(rawValue: addressing) == nil {
            throw ValidationError("--addressing must be 'path' or 'virtualHost', found '\(addressing)'")
        }
    }

    func report() async throws -> any CommandReport {
        let address = StorageAddress(
            bucket: bucket, prefix: prefix ?? name, region: region, endpoint: endpoint,
            addressing: addressing.flatMap(StorageAddress.Addressing.init(rawValue:)))
        let settings = ClusterSettings(
            cluster: name,
            storage: .init(address: address, credentialsFile: credentialsFile, authority: storageAuthority),
            configurations: .init(selfBackup: selfBackup, data: data))
        return try await runBlocking("cluster") { [directory] in
            try ClusterFounding(settings, directory: directory).found()
        }
    }
}
