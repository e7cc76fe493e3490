// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

extension ChildProcess {
    /// By whichever way its command needs: confined, with files that it is given, as a user, or plainly.
    ///
    /// - Parameter descriptors: from 0 on; the child has no others.
    /// - Returns: its process's number.
    static func start(
        _ command: ChildCommand, _ descriptors: [Int32]
    ) throws(ChildProcessError) -> Int32 {
        var processID: pid_t = 0
        let environment = command.environment.map { "\($0.key)=\($0.value)" }
        let status = withArgumentVector(command.arguments) { arguments in
            withArgumentVector(environment) { environment in
                if let place = command.place {
                    var confinement = amfleet_confinement(place.confinement)
                    return amfleet_spawn_confined(
                        command.executable, arguments, environment, place.directory, descriptors,
                        Int32(descriptors.count), &confinement, &processID)
                }
                if !command.files.isEmpty {
                    return startGiven(command, arguments, environment, descriptors, &processID)
                }
                guard let user = command.user else {
                    return amfleet_spawn(
                        command.executable, arguments, environment, command.directory, descriptors,
                        Int32(descriptors.count), &processID)
                }
                return user.withRights { rights in
                    amfleet_spawn_as(
                        command.executable, arguments, environment, command.directory, descriptors,
                        Int32(descriptors.count), rights, &processID)
                }
            }
        }
        guard status == 0 else {
            throw .cannotStart(executable: command.executable, errorNumber: -status)
        }
        return processID
    }

    private static func startGiven(
        _ command: ChildCommand, _ arguments: [UnsafeMutablePointer<CChar>?],
        _ environment: [UnsafeMutablePointer<CChar>?], _ descriptors: [Int32], _ processID: inout pid_t
    ) -> Int32 {
        command.files.withGivenFiles { files in
            func spawn(_ rights: UnsafePointer<amfleet_user>?) -> Int32 {
                amfleet_spawn_given(
                    command.executable, arguments, environment, command.directory, descriptors,
                    Int32(descriptors.count), rights, files, Int32(files.count), &processID)
            }
            return command.user.map { $0.withRights(spawn) } ?? spawn(nil)
        }
    }
}

/// Calls `body` with a null-terminated vector of C strings.
private func withArgumentVector<Result>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let pointers = texts.map { strdup($0) } + [nil]
    defer { pointers.forEach { free($0) } }
    return body(pointers)
}
