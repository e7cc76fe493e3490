// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import HTTPTypes
import Hummingbird
import NIOCore
import TLS

/// A request's connection besides the request.
struct AnsweringContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

/// Gives a test's answers over HTTP.
struct AnsweringResponder: HTTPResponder {
    typealias Context = AnsweringContext

    let real: RealAgent?
    let answer: @Sendable (AgentQuestion) async -> AgentAnswer

    func respond(to request: Request, context: AnsweringContext) async throws -> Response {
        let body = try await request.body.collect(upTo: 64 << 20)
        let question = AgentQuestion(
            method: request.method.rawValue, target: request.uri.string, body: Array(body.readableBytesView))
        switch await answer(question) {
        case .real: return await relayed(question, context) { [$0] }
        case .changedLines(let change): return await relayed(question, context, change)
        case .changed(let change):
            let said = await real?.answer(question)
            let (status, body) = change(said?.status, said?.body ?? [])
            return Self.whole(status, body)
        case .bytes(let status, let body, let headers): return Self.whole(status, body, headers)
        case .stream(let next): return Self.pieces(next, context.channel)
        case .silence:
            try await Task.sleep(for: .seconds(3600))
            return Self.whole(500, [])
        }
    }

    private func relayed(
        _ question: AgentQuestion, _ context: AnsweringContext,
        _ change: @escaping @Sendable (String) -> [String]
    ) async -> Response {
        guard let real else { return Self.whole(404, []) }
        guard question.isForEvents else {
            let said = await real.answer(question)
            return Self.whole(said?.status ?? 503, said?.body ?? [])
        }
        guard let stream = await real.stream(question) else { return Self.whole(503, []) }
        guard stream.status == 200 else { return Self.whole(stream.status, []) }
        let channel = context.channel
        return Response(
            status: .ok, headers: [.contentType: "application/x-ndjson"],
            body: ResponseBody { writer in
                var writer = PacedBodyWriter(writer, channel: channel)
                var rest: [UInt8] = []
                for try await piece in stream {
                    rest += piece
                    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                        let line = String(decoding: rest[..<end], as: UTF8.self)
                        rest.removeFirst(end + 1)
                        for line in change(line) { try await writer.write(ByteBuffer(string: line + "\n")) }
                    }
                }
                try await writer.finish(nil)
            })
    }

    private static func whole(
        _ status: Int, _ body: [UInt8], _ headers: [String: String] = [:]
    ) -> Response {
        var fields: HTTPFields = [.contentType: "application/json"]
        for (name, value) in headers { if let name = HTTPField.Name(name) { fields[name] = value } }
        return Response(
            status: HTTPTypes.HTTPResponse.Status(code: status), headers: fields,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    private static func pieces(
        _ next: @escaping @Sendable (Int) async -> [UInt8]?, _ channel: any Channel
    ) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/x-ndjson"],
            body: ResponseBody { writer in
                var writer = PacedBodyWriter(writer, channel: channel)
                var number = 0
                while let piece = await next(number) {
                    try await writer.write(ByteBuffer(bytes: piece))
                    number += 1
                    try Task.checkCancellation()
                }
                try await writer.finish(nil)
            })
    }
}
