// SPDX-License-Identifier: Apache-2.0

import Files
import FoundationEssentials
public import HTTPTransport
public import LogOutput
public import Logging

/// The places where a node looks for credentials, in this order; the first that has any is used.
///
/// 1. the file that `storage.credentialsFile` names, profile `default`
/// 2. `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` of the environment
/// 3. web identity: `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN` of the environment
/// 4. the shared files (`~/.aws/credentials`, `~/.aws/config`), profile `AWS_PROFILE`
/// 5. the device properties of `amanda.conf`
/// 6. what a restore was sent for the time that it takes
/// 7. the container's endpoint (`AWS_CONTAINER_CREDENTIALS_…_URI`)
/// 8. the instance metadata service, version 2
///
/// It is AWS's order with Amanda's own place before the two that a machine has by itself: keys that a configuration
/// names are meant, as in stock Amanda, also where the instance happens to have a role.
///
/// A place that is set up and does not work is an error; the next one is not tried.
public struct CredentialChain: CredentialSource {
    private let places: [any CredentialPlace]
    private let logger: Logger

    /// A chain over `environment`, by default this process's.
    ///
    /// - Parameters:
    ///   - prefersDeviceProperties: for a store that a configuration names for itself: its keys come first.
    ///   - readsDeviceProperties: false where there is no `amanda.conf`, as on the coordinator.
    ///   - sent: what came with the work, for a machine that has no file of its own yet.
    ///   - region: whose STS is asked, unless `AWS_REGION` says otherwise.
    ///   - logger: told of each place without credentials, and of each retry.
    public init(
        credentialsFile: String?, deviceProperties: S3Credentials? = nil,
        prefersDeviceProperties: Bool = false, readsDeviceProperties: Bool = true,
        sent: S3Credentials? = nil, region: String = "us-east-1", transport: HTTPTransport,
        environment: [String: String]? = nil,
        logger: Logger = .discarding
    ) {
        self.logger = logger
        let surroundings = CredentialSurroundings(
            environment: environment ?? Self.processEnvironment, region: region,
            requests: CredentialRequests(transport: transport, logger: logger))
        let properties: [any CredentialPlace] =
            readsDeviceProperties ? [DevicePropertyPlace(credentials: deviceProperties)] : []
        let others: [any CredentialPlace] = [
            OwnFilePlace(path: credentialsFile, surroundings: surroundings),
            EnvironmentPlace(environment: surroundings.environment),
            WebIdentityPlace(surroundings: surroundings),
            SharedFilesPlace(surroundings: surroundings),
        ]
        let ofMachine: [any CredentialPlace] = [
            ContainerPlace(surroundings: surroundings), InstancePlace(surroundings: surroundings),
        ]
        places =
            (prefersDeviceProperties ? properties + others : others + properties)
            + (sent.map { [SentPlace(credentials: $0)] } ?? []) + ofMachine
    }

    /// AWS's shared files, where this process looks for them; whether they are there is another question. Blocks.
    public static func sharedFiles() -> [String] {
        let environment = processEnvironment
        let files = SharedFilesPlace.files { environment[$0].flatMap { $0.isEmpty ? nil : $0 } }
        return [files.credentials, files.configuration].compactMap(\.self)
    }

    /// Places of a machine's own that are no file which could be kept.
    public enum Surrounding: Sendable, Equatable { case environment, webIdentity, container, instance }

    /// Which of them this process would use if no file had any, by its environment alone: nobody is asked.
    public static func surrounding(environment: [String: String]? = nil) -> Surrounding {
        let environment = environment ?? processEnvironment
        func isSet(_ names: String...) -> Bool { names.contains { environment[$0]?.isEmpty == false } }
        if isSet("AWS_ACCESS_KEY_ID") { return .environment }
        if isSet("AWS_WEB_IDENTITY_TOKEN_FILE") { return .webIdentity }
        let isContainer = isSet(
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
        return isContainer ? .container : .instance
    }

    /// A service has no HOME of its own; root's files are looked for all the same.
    private static var processEnvironment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        if environment["HOME"] == nil, UserAccount.effectiveUserID == 0 {
            environment["HOME"] = UserAccount(named: "root")?.home
        }
        return environment
    }

    /// Looks again each time, so that renewed credentials are found.
    ///
    /// - Throws: `S3Error.noCredentials` naming every place, `.invalidCredentials` for a place that cannot be used,
    ///   `.credentialsUnavailable` for one that does not answer.
    public func credentials() async throws -> S3Credentials {
        var lookedIn: [String] = []
        for place in places {
            switch try await place.find() {
            case .found(let credentials): return credentials
            case .nothing(let name):
                logger.debug("no S3 credentials there", metadata: ["place": "\(name.forLog)"])
                lookedIn.append(name)
            case .notSetUp: break
            }
        }
        throw S3Error.noCredentials(lookedIn: lookedIn)
    }
}

/// One place that may have credentials.
protocol CredentialPlace: Sendable {
    func find() async throws -> CredentialFinding
}

/// What a place had.
enum CredentialFinding {
    case found(S3Credentials)
    /// Nothing; the place's name for the error.
    case nothing(String)
    /// Nobody has set it up, and nobody needs to read of it.
    case notSetUp
}

/// What every place may look at.
struct CredentialSurroundings: Sendable {
    let environment: [String: String]
    let region: String
    let requests: CredentialRequests
    /// For services of AWS that are not on this machine; its metadata service and a container's are never behind one.
    var proxies: HTTPProxies { HTTPProxies(environment: environment) }

    /// A variable's value; empty counts as not set.
    func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
