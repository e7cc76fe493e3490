// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import HTTPTypes
import Hummingbird
import LogOutput
import Logging
import NIOCore
import TLS

/// An answer that is an error: a status and the `WireErrors` that are its body.
struct HTTPRefusal: Error {
    let status: HTTPResponse.Status
    let body: WireErrors

    init(_ status: HTTPResponse.Status, _ error: WireError) {
        self.status = status
        body = WireErrors([error])
    }

    /// The status that the first one's kind asks for.
    init(_ errors: [WireError]) {
        body = WireErrors(errors)
        status =
            switch body.kind {
            case .busy: .conflict
            case .configuration, .unsupported: .unprocessableContent
            case .authentication: .forbidden
            case .storageRefused, .storageUnreachable, .damaged: .badGateway
            case .failed, .agentLost, .cancelled, .interrupted: .internalServerError
            }
    }

    /// Whatever a handler or Hummingbird threw.
    init(cause: any Error, node: String) {
        switch cause {
        case let refusal as HTTPRefusal:
            self = refusal
        case let error as HTTPError:
            self.init(error.status, WireError(.unsupported, node: node, Self.text(error.status)))
        case is NIOTooManyBytesError:
            self.init(
                .contentTooLarge,
                WireError(
                    .unsupported, node: node,
                    "the request's body is longer than \(AgentRouter.bodyByteCountLimit) bytes"))
        default:
            self.init(WireError.all(cause: cause, node: node))
        }
    }

    /// The body for a peer that has as many connections as it may have; whoever gets it asks again.
    static func tooManyConnections(of peer: PeerName, limit: Int, node: String) -> [UInt8] {
        let error = WireError(
            .agentLost, node: node,
            "the agent has \(limit) connections of '\(peer.uri)' open already, as many as one certificate may have",
            hint: "end the commands that are connected, or wait until they have ended.")
        return (try? WireJSON.document(WireErrors([error]))) ?? []
    }

    private static func text(_ status: HTTPResponse.Status) -> String {
        switch status {
        case .notFound: "there is no such path on an agent"
        case .methodNotAllowed: "this path does not know that method"
        default: "the request was refused with status \(status.code)"
        }
    }
}

/// Turns everything that a handler throws into a JSON body with the right status, and says of every request how it was
/// answered: a question that was answered at `debug`, the rest at `info`.
///
/// Of the request only method and path are told: a query is as long as its sender likes.
struct RefusalsAsJSON: RouterMiddleware {
    let node: String
    let logger: Logger

    func handle(
        _ request: Request, context: AgentRequestContext,
        next: @concurrent (Request, AgentRequestContext) async throws -> Response
    ) async throws -> Response {
        let logger = logger.with(["peer": "\(context.peerName)"])
        do {
            let response = try await next(request, context)
            logger.log(
                level: request.method == .get ? .debug : .info,
                "\(request.method) \(request.uri.path) answered with \(response.status.code)")
            return response
        } catch {
            let refusal = HTTPRefusal(cause: error, node: node)
            logger.info(
                "\(request.method) \(request.uri.path) refused with \(refusal.status.code)",
                metadata: ["reason": "\(refusal.body.headline)"])
            return try Response(refusal.body, status: refusal.status, context: context)
        }
    }
}

extension Response {
    /// A JSON document as the whole answer.
    init(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, context: AgentRequestContext
    ) throws {
        let bytes = ByteBuffer(bytes: try WireJSON.document(value))
        let channel = context.channel
        self.init(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(contentLength: bytes.readableBytes) { writer in
                var paced = PacedBodyWriter(writer, channel: channel)
                try await paced.write(bytes)
                try await paced.finish(nil)
            })
    }
}
