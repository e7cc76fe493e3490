// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

extension [ChildFile] {
    /// As the kernel's side takes them; valid within `body` alone. No copy of a content is left behind.
    func withGivenFiles<Result>(_ body: ([amfleet_given_file]) -> Result) -> Result {
        withGivenFiles(from: startIndex, [], body)
    }

    private func withGivenFiles<Result>(
        from index: Int, _ given: [amfleet_given_file], _ body: ([amfleet_given_file]) -> Result
    ) -> Result {
        guard index < endIndex else { return body(given) }
        let file = self[index]
        return file.path.withCString { path in
            file.content.withUnsafeBytes { bytes in
                let next = amfleet_given_file(
                    path: path, bytes: bytes.baseAddress, byteCount: bytes.count, user: file.userID,
                    group: file.groupID, mode: file.mode)
                return withGivenFiles(from: index + 1, given + [next], body)
            }
        }
    }
}

extension ChildUser {
    func withRights<Result>(_ body: (UnsafePointer<amfleet_user>) -> Result) -> Result {
        groupIDs.withUnsafeBufferPointer { groups in
            var rights = amfleet_user(
                user: userID, group: groupID, groups: groups.baseAddress, groupCount: Int32(groups.count))
            return withUnsafePointer(to: &rights, body)
        }
    }
}
