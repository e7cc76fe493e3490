// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Dump

@Suite struct PartCutterTests {
    @Test func `sends an upload part whenever one is full and closes at the end`() {
        var cutter = PartCutter(uploadPartByteCount: 10, partByteCount: nil)
        #expect(
            cutter.steps(byteCount: 25, isWhole: false) == [
                .append(10), .send(uploadPart: 1), .append(10), .send(uploadPart: 2), .append(5),
            ])
        #expect(cutter.finish() == [.send(uploadPart: 3), .close(uploadPartCount: 3)])
        #expect(cutter.finish() == [])
    }

    @Test func `cuts dump parts at any byte where pieces may be divided`() {
        var cutter = PartCutter(uploadPartByteCount: 10, partByteCount: 15)
        #expect(
            cutter.steps(byteCount: 32, isWhole: false) == [
                .append(10), .send(uploadPart: 1), .append(5), .send(uploadPart: 2),
                .close(uploadPartCount: 2),
                .append(10), .send(uploadPart: 1), .append(5), .send(uploadPart: 2),
                .close(uploadPartCount: 2),
                .append(2),
            ])
        #expect(cutter.finish() == [.send(uploadPart: 1), .close(uploadPartCount: 1)])
    }

    @Test func `makes no empty dump part when the stream ends at the cut`() {
        var cutter = PartCutter(uploadPartByteCount: 10, partByteCount: 10)
        #expect(cutter.steps(byteCount: 10, isWhole: false) == [.append(10), .send(uploadPart: 1)])
        #expect(cutter.finish() == [.close(uploadPartCount: 1)])
    }

    @Test func `never divides a whole piece between dump parts`() {
        var cutter = PartCutter(uploadPartByteCount: 10, partByteCount: 15)
        #expect(cutter.steps(byteCount: 9, isWhole: true) == [.append(9)])
        #expect(
            cutter.steps(byteCount: 7, isWhole: true) == [
                .send(uploadPart: 1), .close(uploadPartCount: 1), .append(7),
            ])
        #expect(cutter.steps(byteCount: 8, isWhole: true) == [.append(3), .send(uploadPart: 1), .append(5)])
        #expect(
            cutter.steps(byteCount: 21, isWhole: true) == [
                .send(uploadPart: 2), .close(uploadPartCount: 2), .append(10), .send(uploadPart: 1),
                .append(10),
                .send(uploadPart: 2), .append(1),
            ])
    }

    @Test func `a stream without a byte makes one dump part without a piece`() {
        var cutter = PartCutter(uploadPartByteCount: 10, partByteCount: 15)
        #expect(cutter.finish() == [.close(uploadPartCount: 0)])
    }

    @Test func `cuts before the upload part that S3 would refuse`() {
        var cutter = PartCutter(uploadPartByteCount: 1, partByteCount: nil)
        let steps = cutter.steps(byteCount: 10_001, isWhole: false)
        #expect(
            steps.suffix(4) == [
                .send(uploadPart: 10_000), .close(uploadPartCount: 10_000), .append(1), .send(uploadPart: 1),
            ])
    }

    @Test func `a volume that is full ends a dump part, and a directory knows no limit of S3's`() {
        var cutter = PartCutter(uploadPartByteCount: 1, partByteCount: nil, uploadPartLimit: nil)
        _ = cutter.take(10_001)
        #expect(cutter.share(of: 5, isWhole: true) == 5)
        #expect(cutter.cut() == [.close(uploadPartCount: 10_001)])
        #expect(cutter.take(1) == [.append(1), .send(uploadPart: 1)])
        #expect(cutter.finish() == [.close(uploadPartCount: 1)])
    }

    @Test func `upload parts are the largest of blocksize, S3's least and part_size over 10,000`() {
        #expect(StoragePlan(blockByteCount: 32_768).uploadPartByteCount == 5 << 20)
        #expect(
            StoragePlan(blockByteCount: 10 << 20, partByteCount: 50 << 30).uploadPartByteCount == 10 << 20)
        #expect(
            StoragePlan(blockByteCount: 10 << 20, partByteCount: 500 << 30).uploadPartByteCount == 53_687_092)
        #expect(StoragePlan(isMultipart: false, blockByteCount: 32_768).uploadPartByteCount == 32_768)
    }

    @Test func `the buffers of the reference configuration stay far below 256 MiB`() {
        let plan = MemoryPlan(
            uploadPartByteCount: 10 << 20, uploadThreadCount: 8, isCompressed: true, compressionThreadCount: 2
        )
        #expect(plan.byteCount == (104 << 20) + 5 * MemoryPlan.memberBlockByteCount)
        #expect(plan.byteCount < 110 << 20)
    }
}

extension PartCutter {
    /// What an assembler does whose volumes are never full.
    fileprivate mutating func steps(byteCount: Int, isWhole: Bool) -> [Step] {
        var steps: [Step] = []
        var rest = byteCount
        while rest > 0 {
            if share(of: rest, isWhole: isWhole) == 0 { steps += cut() }
            let share = share(of: rest, isWhole: isWhole)
            steps += take(share)
            rest -= share
        }
        return steps
    }
}
