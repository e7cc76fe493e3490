// SPDX-License-Identifier: Apache-2.0

/// The program of a `HungMount`: it speaks the kernel's FUSE protocol and shows a directory as it is, until it is told not to answer.
///
/// What it has read and not answered holds its asker in the kernel, out of reach of SIGKILL, as a dead NFS server does. Orders come on
/// standard input, a line each, and are acknowledged: `hang`, `hang NAME` (only what concerns files whose path holds the name), `answer`.
/// At the end of its input it unmounts and goes; whoever still waits gets an error.
/// Source: Linux `include/uapi/linux/fuse.h`, protocol 7.31.
enum HungMountServer {
    static let program = #"""
        import ctypes, errno, os, select, stat, struct, sys

        mount_point, backing = sys.argv[1], sys.argv[2]
        fuse = os.open("/dev/fuse", os.O_RDWR)
        libc = ctypes.CDLL(None, use_errno=True)
        options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions".encode()
        if libc.mount(b"hung", mount_point.encode(), b"fuse", 6, options):
            sys.exit(os.strerror(ctypes.get_errno()))

        paths, numbers, newest = {1: ""}, {"": 1}, 1
        handles, newest_handle = {}, 0
        hanging, only_bytes, kept = None, False, []

        def full(path): return backing + "/" + path if path else backing
        def child(node, name): return (paths[node] + "/" + name) if paths[node] else name

        def number(path):
            global newest
            if path not in numbers:
                newest += 1
                numbers[path], paths[newest] = newest, path
            return numbers[path]

        def forget(path):
            for known in [p for p in numbers if p == path or p.startswith(path + "/")]: del numbers[known]

        def moved(old, new):
            forget(new)
            for known in [p for p in numbers if p == old or p.startswith(old + "/")]:
                node = numbers.pop(known)
                paths[node] = new + known[len(old):]
                numbers[paths[node]] = node

        def attributes(s):
            def split(ns): return ns // 10**9, ns % 10**9
            (a, an), (m, mn), (c, cn) = split(s.st_atime_ns), split(s.st_mtime_ns), split(s.st_ctime_ns)
            return struct.pack("<6Q10I", s.st_ino, s.st_size, s.st_blocks, a, m, c, an, mn, cn, s.st_mode,
                s.st_nlink, s.st_uid, s.st_gid, s.st_rdev, 4096, 0)

        def entry(path):
            found = os.lstat(full(path))
            return struct.pack("<4Q2I", number(path), 0, 0, 0, 0, 0) + attributes(found)

        def answer_of(path): return struct.pack("<Q2I", 0, 0, 0) + attributes(os.lstat(full(path)))

        def names(data): return [n.decode("utf-8", "surrogateescape") for n in data.split(b"\0")]

        def handle(thing):
            global newest_handle
            newest_handle += 1
            handles[newest_handle] = thing
            return struct.pack("<QII", newest_handle, 0, 0)

        def made(path, uid, gid):
            os.lchown(full(path), uid, gid)
            return entry(path)

        def change(node, data):
            valid, _, fh, size, _, at, mt, _, an, mn, _, mode, _, uid, gid, _ = struct.unpack("<II6Q8I", data[:88])
            path = full(paths[node])
            if valid & 8: os.truncate(path, size)
            if valid & 6: os.lchown(path, uid if valid & 2 else -1, gid if valid & 4 else -1)
            if valid & 1: os.chmod(path, mode & 0o7777)
            if valid & 0x1b0:
                now, old = __import__("time").time_ns(), os.lstat(path)
                a = now if valid & 0x80 else at * 10**9 + an if valid & 16 else old.st_atime_ns
                m = now if valid & 0x100 else mt * 10**9 + mn if valid & 32 else old.st_mtime_ns
                os.utime(path, ns=(a, m), follow_symlinks=False)
            return answer_of(paths[node])

        def rename(node, data, flags):
            target = struct.unpack("<Q", data[:8])[0]
            old, new = names(data[16 if flags is not None else 8:])[:2]
            old, new = child(node, old), child(target, new)
            if flags and flags & ~1: raise OSError(errno.EINVAL, "")
            if flags and os.path.lexists(full(new)): raise OSError(errno.EEXIST, "")
            os.rename(full(old), full(new))
            moved(old, new)
            return b""

        def listing(fh, offset, size):
            answer = b""
            for place, (name, inode, kind) in enumerate(handles[fh][offset:], offset + 1):
                raw = os.fsencode(name)
                item = struct.pack("<QQII", inode, place, len(raw), kind) + raw
                item += b"\0" * (-len(item) % 8)
                if len(answer) + len(item) > size: break
                answer += item
            return answer

        def entries(path):
            with os.scandir(full(path)) as found:
                inside = [(e.name, e.inode(), e.stat(follow_symlinks=False).st_mode >> 12) for e in found]
            return [(".", 1, 4), ("..", 1, 4)] + inside

        def serve(op, node, uid, gid, data):
            if op == 26:
                return struct.pack("<4I2H2I2HI7I", 7, 31, 1 << 17, 1 << 5, 12, 9, 1 << 17, 1, 32, 0, 0, *[0] * 7)
            path = paths[node] if node else ""
            if op == 1:
                return entry(child(node, names(data)[0]))
            if op == 3: return answer_of(path)
            if op == 4: return change(node, data)
            if op == 5: return os.fsencode(os.readlink(full(path)))
            if op == 6:
                name, target = names(data)[:2]
                os.symlink(target, full(child(node, name)))
                return made(child(node, name), uid, gid)
            if op == 8:
                mode, device, umask, _ = struct.unpack("<4I", data[:16])
                new = child(node, names(data[16:])[0])
                os.mknod(full(new), mode, device)
                return made(new, uid, gid)
            if op == 9:
                mode, umask = struct.unpack("<2I", data[:8])
                new = child(node, names(data[8:])[0])
                os.mkdir(full(new))
                os.chmod(full(new), mode & 0o7777)
                return made(new, uid, gid)
            if op in (10, 11):
                old = child(node, names(data)[0])
                (os.unlink if op == 10 else os.rmdir)(full(old))
                forget(old)
                return b""
            if op == 12: return rename(node, data, None)
            if op == 45: return rename(node, data, struct.unpack("<I", data[8:12])[0])
            if op == 13:
                new = child(node, names(data[8:])[0])
                os.link(full(paths[struct.unpack("<Q", data[:8])[0]]), full(new), follow_symlinks=False)
                return entry(new)
            if op == 14:
                flags = struct.unpack("<I", data[:4])[0]
                return handle(os.open(full(path), flags & (os.O_ACCMODE | os.O_TRUNC)))
            if op == 15:
                fh, offset, size = struct.unpack("<QQI", data[:20])
                return os.pread(handles[fh], size, offset)
            if op == 16:
                fh, offset, size = struct.unpack("<QQI", data[:20])
                return struct.pack("<II", os.pwrite(handles[fh], data[40:40 + size], offset), 0)
            if op == 17:
                s = os.statvfs(backing)
                return struct.pack("<5Q10I", s.f_blocks, s.f_bfree, s.f_bavail, s.f_files, s.f_ffree, s.f_bsize,
                    s.f_namemax, s.f_frsize, *[0] * 7)
            if op in (18, 29):
                thing = handles.pop(struct.unpack("<Q", data[:8])[0])
                if op == 18: os.close(thing)
                return b""
            if op in (20, 25, 30, 34): return b""
            if op == 27: return handle(entries(path))
            if op == 28: return listing(*struct.unpack("<QQI", data[:20]))
            if op == 35:
                flags, mode = struct.unpack("<II", data[:8])
                new = child(node, names(data[16:])[0])
                thing = os.open(full(new), flags & (os.O_ACCMODE | os.O_EXCL | os.O_TRUNC) | os.O_CREAT, 0o600)
                os.fchmod(thing, mode & 0o7777)
                return made(new, uid, gid) + handle(thing)
            raise OSError(errno.ENOSYS, "")

        def concerns(op, node, data):
            if hanging is None or op in (26, 18, 29): return False
            if only_bytes and op not in (15, 16): return False
            named = op in (1, 6, 9, 10, 11) and names(data)[0] or ""
            return hanging in paths.get(node, "") + "/" + named

        def take(request):
            _, op, unique, node, uid, gid, _, _ = struct.unpack("<IIQQ4I", request[:40])
            data = request[40:]
            if op in (2, 36, 38, 42): return
            if concerns(op, node, data):
                kept.append(request)
                print(f"kept {count}", flush=True)
                return
            try: body, error = serve(op, node, uid, gid, data), 0
            except OSError as failure: body, error = b"", -(failure.errno or errno.EIO)
            except (KeyError, IndexError): body, error = b"", -errno.ESTALE
            try: os.write(fuse, struct.pack("<IiQ", 16 + len(body), error, unique) + body)
            except OSError: pass

        print("mounted", flush=True)
        orders, count, is_open = b"", 0, True
        while is_open:
            ready, _, _ = select.select([fuse, 0], [], [])
            if 0 in ready:
                said = os.read(0, 4096)
                is_open = bool(said)
                orders += said
                while b"\n" in orders:
                    line, _, orders = orders.partition(b"\n")
                    verb, _, name = line.decode().partition(" ")
                    hanging = None if verb == "answer" else name
                    only_bytes = verb == "hangbytes"
                    if hanging is None:
                        waiting, kept = kept, []
                        for request in waiting: take(request)
                    count += 1
                    print(f"order {count} done", flush=True)
            elif fuse in ready:
                try: take(os.read(fuse, 1 << 18))
                except OSError as failure:
                    if failure.errno == errno.ENODEV: break
        libc.umount2(mount_point.encode(), 2)
        """#
}
