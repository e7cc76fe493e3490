// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Certificates
import HTTPTransport
import HTTPTypes
import TestSupport
import Testing

@testable import Agent

@Suite(.timeLimit(.minutes(3))) struct AgentRoutesTests {
    private let fixture: AgentFixture
    private let work = HeldWork()

    init() throws {
        fixture = try AgentFixture()
    }

    @Test func `takes a job, tells of it, streams its events and cancels it`() async throws {
        let work = work
        try await fixture.withAgent(work) { agent in
            let body = try WireJSON.document(JobRequest.sample())
            let accepted = try await agent.send("POST", AgentPaths.jobs, body: body)
            #expect(accepted.status == 202)
            #expect(accepted.header("content-type") == "application/json")
            let again = try await agent.send("POST", AgentPaths.jobs, body: body)
            #expect(again.status == 200)
            let stream = try await fixture.transport.open(
                agent.request("GET", AgentPaths.events("job-1", after: 0), as: fixture.coordinator))
            #expect(stream.status == 200)
            #expect(stream.header("content-type") == "application/x-ndjson")
            #expect(try await agent.send("DELETE", AgentPaths.job("job-1")).status == 202)
            var received: [UInt8] = []
            for try await chunk in stream { received += chunk }
            let events = try received.split(separator: 10).map {
                try WireJSON.read(JobEvent.self, from: Array($0), what: "event")
            }
            #expect(events.first?.state == .accepted)
            #expect(events.last?.state == .cancelled)
            let job: JobSnapshot = try WireJSON.read(
                from: try await agent.send("GET", AgentPaths.job("job-1")).body, what: "job")
            #expect(job.state == .cancelled)
            let list: JobList = try WireJSON.read(
                from: try await agent.send("GET", AgentPaths.jobs).body, what: "jobs")
            #expect(list.jobs.map(\.id) == ["job-1"])
        }
    }

    @Test func `a quiet stream has heartbeats`() async throws {
        let work = work
        try await fixture.withAgent(work) { agent in
            _ = try await agent.send(
                "POST", AgentPaths.jobs, body: WireJSON.document(JobRequest.sample()))
            let stream = try await fixture.transport.open(
                agent.request("GET", AgentPaths.events("job-1", after: 0), as: fixture.observer))
            var text = ""
            for try await chunk in stream {
                text += String(decoding: chunk, as: UTF8.self)
                if text.contains("\"heartbeat\"") { break }
            }
            #expect(text.contains("\"heartbeat\""))
        }
    }

    @Test func `refuses a second job with 409 and the running one's id`() async throws {
        try await fixture.withAgent(work) { agent in
            _ = try await agent.send(
                "POST", AgentPaths.jobs, body: WireJSON.document(JobRequest.sample()))
            let (status, error) = try await agent.refusal(
                "POST", AgentPaths.jobs,
                body: WireJSON.document(JobRequest.sample(id: "job-2", configurations: ["other"])))
            #expect(status == 409)
            #expect(error.kind == .busy)
            #expect(error.node == "node01")
            #expect(error.runningJob == "job-1")
        }
    }

    @Test func `an observer reads and nothing else`() async throws {
        try await fixture.withAgent(work) { agent in
            #expect(try await agent.send("GET", AgentPaths.status, as: fixture.observer).status == 200)
            #expect(try await agent.send("GET", AgentPaths.jobs, as: fixture.observer).status == 200)
            let (status, error) = try await agent.refusal(
                "POST", AgentPaths.jobs, body: WireJSON.document(JobRequest.sample()), as: fixture.observer)
            #expect(status == 403)
            #expect(
                error.description == """
                    node01: 'spiffe://demo/observer' may not POST /v1/jobs on an agent
                    hint: use the coordinator's certificate, or an observer's for reading.
                    """)
            let (deletion, _) = try await agent.refusal("DELETE", "/v1/jobs/x", as: fixture.observer)
            #expect(deletion == 403)
        }
    }

    @Test func `an observer's question leads only where a job has been`() async throws {
        let listener = try FaultyProxy(to: 1)
        @Sendable func question(_ route: String, at endpoint: String) throws -> String {
            let storage = StorageAddress(
                bucket: "stolen", prefix: "demo", region: "us-east-1", endpoint: endpoint)
            let place = StatusQuestion(storage: storage, configurations: [.init(name: "data", role: .data)])
            guard route == AgentPaths.restorability else { return place.path(route) }
            let run = try #require(RunName("20261123030600"))
            return RestorabilityQuestion(place, run: run, provesFiles: true).path
        }
        try await fixture.withAgent(work) { agent in
            for route in [AgentPaths.status, AgentPaths.volumes, AgentPaths.restorability] {
                let path = try question(route, at: listener.endpoint)
                let (status, error) = try await agent.refusal("GET", path, as: fixture.observer)
                #expect(
                    status == 403 && error.message.contains("no job of this node has named bucket 'stolen'"))
            }
            #expect(listener.connectionCount == 0)
            var job = try JobRequest.sample()
            job.storage.bucket = "stolen"
            job.storage.region = "us-east-1"
            job.storage.endpoint = "http://127.0.0.1:1"
            job.storage.addressing = nil
            _ = try await agent.send("POST", AgentPaths.jobs, body: WireJSON.document(job))
            let known = try question(AgentPaths.restorability, at: "http://127.0.0.1:1")
            #expect(try await agent.send("GET", known, as: fixture.observer).status == 200)
        }
    }

    @Test func `a node may do nothing at all`() {
        for method: HTTPTypes.HTTPRequest.Method in [.get, .post, .delete, .head] {
            #expect(!RoleCheck.isAllowed(.node("node02"), method))
        }
    }

    @Test func `a certificate of another cluster does not get past TLS`() async throws {
        try await fixture.withAgent(work) { agent in
            let error = await #expect(throws: HTTPTransportError.self) {
                _ = try await agent.send("GET", AgentPaths.status, as: fixture.stranger)
            }
            guard case .tlsPeerRefused = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func `answers every mistake with a status and a JSON error`() async throws {
        try await fixture.withAgent(work) { agent in
            let nowhere = try await agent.refusal("GET", "/v2/status")
            #expect(nowhere.status == 404)
            let unknown = try await agent.refusal("GET", AgentPaths.job("job-9"))
            #expect(unknown.status == 404)
            #expect(unknown.error.message == "there is no job 'job-9' on this node")
            let events = try await agent.refusal("GET", "/v1/jobs/job-9/events?after=0")
            #expect(events.status == 404)
            let garbage = try await agent.refusal("POST", AgentPaths.jobs, body: Array("{".utf8))
            #expect(garbage.status == 400)
            let wrongNode = try await agent.refusal(
                "POST", AgentPaths.jobs, body: WireJSON.document(JobRequest.sample(node: "node02")))
            #expect(wrongNode.status == 422)
            let runless = try await agent.refusal(
                "GET", "/v1/restorability?bucket=a&region=b&files=true", as: fixture.observer)
            #expect(runless.status == 400)
            #expect(
                runless.error.message
                    == "a restorability question names at least 'bucket', 'region', 'run' and 'files'")
            let question = try await agent.refusal("GET", "/v1/status?bukcet=a")
            #expect(question.status == 400)
        }
    }

    @Test func `refuses a number that is none`() async throws {
        try await fixture.withAgent(work) { agent in
            _ = try await agent.send(
                "POST", AgentPaths.jobs, body: WireJSON.document(JobRequest.sample()))
            let (status, error) = try await agent.refusal("GET", "/v1/jobs/job-1/events?after=x")
            #expect(status == 400)
            #expect(error.message == "'after=x' is no event's number")
        }
    }

    @Test func `refuses a body that is too long`() async throws {
        try await fixture.withAgent(work) { agent in
            let (status, error) = try await agent.refusal(
                "POST", AgentPaths.jobs, body: [UInt8](repeating: 32, count: (1 << 20) + 1))
            #expect(status == 413)
            #expect(error.message == "the request's body is longer than 1048576 bytes")
        }
    }

    @Test func `a second agent on one state directory is refused in words`() {
        let error = AgentStartError.stateInUse(directory: "/var/lib/amfleet", reason: "locked")
        #expect(
            error.description == """
                the state directory '/var/lib/amfleet' cannot be had: locked
                hint: stop the agent that uses it, or give each agent a 'stateDirectory' of its own.
                """)
    }
}
