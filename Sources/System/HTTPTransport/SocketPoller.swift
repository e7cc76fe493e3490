// SPDX-License-Identifier: Apache-2.0

import CCurl
import Glibc

/// epoll over the sockets that libcurl names, and the timer it asks for.
///
/// Ownership: the loop's thread only.
final class SocketPoller {
    /// A socket with something to do; `events` in libcurl's bits (`CURL_CSELECT_…`).
    struct Ready {
        let descriptor: Int32
        let events: Int32
    }

    private let epoll: Int32
    private var timer: ContinuousClock.Instant?
    private var events = [epoll_event](repeating: epoll_event(), count: 256)

    init?() {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { return nil }
    }

    deinit {
        close(epoll)
    }

    /// Makes libcurl's multi handle report its sockets and its timer here. It must outlive the handle.
    func attach(to multi: UnsafeMutableRawPointer) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        amfleet_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, context)
        amfleet_multi_set_pointer(multi, CURLMOPT_TIMERDATA, context)
        amfleet_multi_set_socket_callback(multi) { _, descriptor, action, context, _ in
            guard let context else { return 0 }
            let poller = Unmanaged<SocketPoller>.fromOpaque(context).takeUnretainedValue()
            poller.change(descriptor, action)
            return 0
        }
        amfleet_multi_set_timer_callback(multi) { _, milliseconds, context in
            guard let context else { return 0 }
            let poller = Unmanaged<SocketPoller>.fromOpaque(context).takeUnretainedValue()
            poller.timer = milliseconds < 0 ? nil : .now + .milliseconds(milliseconds)
            return 0
        }
    }

    /// Watches a descriptor of our own for reading.
    func watch(_ descriptor: Int32) {
        change(descriptor, Int32(CURL_POLL_IN))
    }

    /// Waits for sockets, for libcurl's timer or until `deadline`, whichever is first.
    func wait(until deadline: ContinuousClock.Instant?) -> [Ready] {
        let wakeAt = [timer, deadline].compactMap(\.self).min()
        let count = epoll_wait(epoll, &events, Int32(events.count), Self.timeout(until: wakeAt))
        guard count > 0 else { return [] }
        return events[..<Int(count)].map { event in
            Ready(descriptor: event.data.fd, events: Self.selectBits(event.events))
        }
    }

    /// True once when libcurl's timer has run out.
    func isTimerDue() -> Bool {
        guard let timer, timer <= .now else { return false }
        self.timer = nil
        return true
    }

    private func change(_ descriptor: Int32, _ action: Int32) {
        var event = epoll_event()
        event.data.fd = descriptor
        if action & Int32(CURL_POLL_IN) != 0 { event.events |= EPOLLIN.rawValue }
        if action & Int32(CURL_POLL_OUT) != 0 { event.events |= EPOLLOUT.rawValue }
        if action == Int32(CURL_POLL_REMOVE) {
            epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, &event)
        } else if epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event) != 0 {
            epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
        }
    }

    /// Rounded up, so that the timer is due when the wait ends; -1: for ever.
    private static func timeout(until instant: ContinuousClock.Instant?) -> Int32 {
        guard let instant else { return -1 }
        let left = instant - .now
        return left <= .zero ? 0 : Int32(clamping: left.wholeMilliseconds + 1)
    }

    private static func selectBits(_ events: UInt32) -> Int32 {
        var bits: Int32 = 0
        if events & EPOLLIN.rawValue != 0 { bits |= Int32(CURL_CSELECT_IN) }
        if events & EPOLLOUT.rawValue != 0 { bits |= Int32(CURL_CSELECT_OUT) }
        if events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { bits |= Int32(CURL_CSELECT_ERR) }
        return bits
    }
}
