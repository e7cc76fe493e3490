// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Foundation
import Testing

@Suite struct StatusQuestionTests {
    @Test func `survives a query string`() throws {
        let question = StatusQuestion(
            storage: StorageAddress(
                bucket: "b&b", prefix: "a/b=c", region: "eu-west-1", endpoint: "http://127.0.0.1:8333",
                addressing: .path),
            configurations: [
                ConfigurationChoice(name: "daily set", role: .data),
                ConfigurationChoice(name: "amanda-server", role: .selfBackup),
            ])
        let components = try #require(URLComponents(string: question.path))
        #expect(components.path == AgentPaths.status)
        let items = (components.queryItems ?? []).map { (name: $0.name, value: $0.value ?? "") }
        #expect(StatusQuestion(items: items) == question)
    }

    @Test func `a question for a run survives too, and names everything`() throws {
        let place = StatusQuestion(
            storage: StorageAddress(bucket: "b", prefix: "a/b", region: "eu-west-1"),
            configurations: [ConfigurationChoice(name: "daily set", role: .data)])
        let run = try #require(RunName("20261123030600"))
        let question = RestorabilityQuestion(place, run: run, provesFiles: true)
        let components = try #require(URLComponents(string: question.path))
        #expect(components.path == AgentPaths.restorability)
        let items = (components.queryItems ?? []).map { (name: $0.name, value: $0.value ?? "") }
        #expect(RestorabilityQuestion(items: items) == question)
        for name in ["bucket", "run", "files"] {
            #expect(RestorabilityQuestion(items: items.filter { $0.name != name }) == nil)
        }
    }

    @Test func `without a bucket it is a plain status`() {
        #expect(StatusQuestion(items: []) == nil)
    }
}

@Suite struct BucketLayoutTests {
    @Test func `keys lie under the prefix`() throws {
        let run = try #require(RunName("20261123030600"))
        let layout = BucketLayout(prefix: "prod")
        #expect(layout.manifest(run) == "prod/_amfleet/runs/20261123030600/manifest.json")
        #expect(
            layout.nodeRecord(run, node: "node01") == "prod/_amfleet/runs/20261123030600/nodes/node01.json")
        #expect(layout.volumes(node: "node01", configuration: "vertica") == "prod/node01/vertica/")
        #expect(BucketLayout(prefix: "").lease == "_amfleet/lease.json")
    }
}
