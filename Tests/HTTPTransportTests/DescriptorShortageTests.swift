// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Glibc
import HTTPTransport
import Synchronization
import TestSupport
import Testing

/// What the transport does where descriptors are few. The limit is the whole test program's, which runs one test at a time.
@Suite(.timeLimit(.minutes(5)))
struct DescriptorShortageTests {
    private let directory: TemporaryDirectory
    private let authority: TestAuthority

    init() throws {
        directory = try TemporaryDirectory()
        authority = try TestAuthority(cluster: "demo", directory: directory.path)
    }

    @Test func `more requests than connections all get their answers, a few at a time`() async throws {
        let present = Mutex((now: 0, most: 0))
        let server = try AnsweringServer { _ in
            present.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            usleep(2_000)
            present.withLock { $0.now -= 1 }
            return .init(200, "fine")
        }
        let transport = try HTTPTransport(descriptorCount: 10)
        #expect(transport.concurrency == 8)
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<200 {
                group.addTask {
                    var request = HTTPRequest(url: "\(server.endpoint)/\(number)")
                    request.reusesConnection = number % 3 != 0
                    return try await transport.send(request).status
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == Array(repeating: 200, count: 200))
        #expect(present.withLock { $0.most } <= 8)
    }

    @Test func `a request that waits for its turn can be cancelled`() async throws {
        let server = try AnsweringServer { _ in nil }
        let transport = try HTTPTransport(descriptorCount: 1)
        let holders = (0..<transport.concurrency).map { _ in
            Task { try await transport.send(HTTPRequest(url: server.endpoint)) }
        }
        while server.requests.count < transport.concurrency { try await Task.sleep(for: .milliseconds(5)) }
        let waiting = Task { try await transport.send(HTTPRequest(url: server.endpoint)) }
        waiting.cancel()
        await #expect(throws: HTTPTransportError.cancelled) { try await waiting.value }
        for holder in holders { holder.cancel() }
        for holder in holders { _ = await holder.result }
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func `a shortage is called by its name, whatever would have been opened`(host: String) async throws {
        let transport = try HTTPTransport()
        let coordinator = try authority.write(.coordinator)
        let port = FreePort.find()
        var request = HTTPRequest(url: "https://node01.demo:7443/", connectTo: "\(host):\(port)")
        request.identity = HTTPIdentity(
            authority: coordinator.authority, certificate: coordinator.certificate,
            privateKey: coordinator.privateKey)
        request.limits.connect = .seconds(2)
        // Once, so that whatever is opened a single time is open.
        _ = try? await transport.send(request)
        let outcome = await withoutDescriptors { await Self.outcome(request, transport) }
        guard case .shortage(_, EMFILE)? = outcome else {
            Issue.record("\(String(describing: outcome))")
            return
        }
        #expect(outcome?.facts.contains("no file descriptors left (this process may have ") == true)
        #expect(outcome?.hint?.contains("ulimit -n") == true)
    }

    @Test(.enabled(if: RequiredTools.areUsable("weed")))
    func `a request that found no descriptor is begun when there is one`() async throws {
        let server = try await LocalS3Server.shared()
        let transport = try HTTPTransport()
        let request = HTTPRequest(url: "\(server.endpoint)/readiness/nothing")
        let sent = await withoutDescriptors {
            let sent = Task { try await transport.send(request) }
            try? await Task.sleep(for: .milliseconds(150))
            return sent
        }
        #expect(try await sent.value.status == 404)
    }

    private static func outcome(
        _ request: HTTPRequest, _ transport: HTTPTransport
    ) async -> HTTPTransportError? {
        do {
            _ = try await transport.send(request)
            return nil
        } catch {
            return error
        }
    }

    /// Runs `body` while nothing can be opened.
    private func withoutDescriptors<Value>(_ body: () async -> Value) async -> Value {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        getrlimit(resource, &limit)
        var none = limit
        none.rlim_cur = 3
        setrlimit(resource, &none)
        defer { setrlimit(resource, &limit) }
        return await body()
    }
}
