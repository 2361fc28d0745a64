"""System calls by what a session may do with them, with their numbers on x86_64 and aarch64.

A call not listed here does not exist for a session (ENOSYS), which covers calls newer than this list. Entries are
``name:x86_64:aarch64``, with ``-`` if the machine has no such call. The numbers never change
(arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h).
"""

from __future__ import annotations

from typing import Final

ALLOWED: Final = """
    read:0:63 write:1:64 readv:19:65 writev:20:66 pread64:17:67 pwrite64:18:68 preadv:295:69 pwritev:296:70
    preadv2:327:286 pwritev2:328:287 close:3:57 close_range:436:436 creat:85:- lseek:8:62 stat:4:- fstat:5:80
    lstat:6:- newfstatat:262:79 statx:332:291 access:21:- faccessat:269:48 faccessat2:439:439 readlink:89:-
    readlinkat:267:78 getdents:78:- getdents64:217:61 getcwd:79:17 chdir:80:49 fchdir:81:50 mkdir:83:- mkdirat:258:34
    rmdir:84:- unlink:87:- unlinkat:263:35 rename:82:- renameat:264:38 renameat2:316:276 ftruncate:77:46
    fallocate:285:47 fsync:74:82 fdatasync:75:83 sync_file_range:277:84 fadvise64:221:223 readahead:187:213
    sendfile:40:71 copy_file_range:326:285 statfs:137:43 fstatfs:138:44 umask:95:166
    dup:32:23 dup2:33:- dup3:292:24 pipe:22:- pipe2:293:59 poll:7:- ppoll:271:73 select:23:- pselect6:270:72
    epoll_create:213:- epoll_create1:291:20 epoll_ctl:233:21 epoll_wait:232:- epoll_pwait:281:22 epoll_pwait2:441:441
    eventfd:284:- eventfd2:290:19 timerfd_create:283:85 timerfd_settime:286:86 timerfd_gettime:287:87 signalfd:282:-
    signalfd4:289:74
    mmap:9:222 munmap:11:215 mprotect:10:226 mremap:25:216 madvise:28:233 brk:12:214 msync:26:227
    mlock:149:228 munlock:150:229 mlock2:325:284 mlockall:151:230 munlockall:152:231 mbind:237:235
    get_mempolicy:239:236 set_mempolicy:238:237 set_mempolicy_home_node:450:450 pkey_alloc:330:289 pkey_free:331:290
    pkey_mprotect:329:288 membarrier:324:283
    rt_sigaction:13:134 rt_sigprocmask:14:135 rt_sigreturn:15:139 rt_sigpending:127:136 rt_sigtimedwait:128:137
    rt_sigsuspend:130:133 sigaltstack:131:132 pause:34:- alarm:37:- getitimer:36:102 setitimer:38:103
    timer_create:222:107 timer_settime:223:110 timer_gettime:224:108 timer_getoverrun:225:109 timer_delete:226:111
    nanosleep:35:101 clock_nanosleep:230:115 clock_gettime:228:113 clock_getres:229:114 gettimeofday:96:169
    time:201:- times:100:153 restart_syscall:219:128
    futex:202:98 futex_waitv:449:449 set_robust_list:273:99 get_robust_list:274:100 set_tid_address:218:96
    rseq:334:293 exit:60:93 exit_group:231:94 wait4:61:260 waitid:247:95 sched_yield:24:124 arch_prctl:158:-
    getcpu:309:168
    getpid:39:172 gettid:186:178 getppid:110:173 getpgid:121:155 getpgrp:111:- getsid:124:156 getuid:102:174
    geteuid:107:175 getgid:104:176 getegid:108:177 getresuid:118:148 getresgid:120:150 getgroups:115:158
    capget:125:90 sched_getaffinity:204:123 sched_getparam:143:121 sched_getscheduler:145:120 sched_getattr:315:275
    sched_get_priority_max:146:125 sched_get_priority_min:147:126 sched_rr_get_interval:148:127 getpriority:140:141
    ioprio_get:252:31 getrandom:318:278 uname:63:160 sysinfo:99:179 getrusage:98:165 getrlimit:97:163
    setrlimit:160:164
    recvfrom:45:207 recvmsg:47:212 recvmmsg:299:243 sendmsg:46:211 shutdown:48:210 getsockopt:55:209
    setsockopt:54:208 getsockname:51:204 getpeername:52:205
"""
"""Files (restricted by Landlock), memory, threads, timers, and queries about oneself."""

PRETENDED: Final = """
    chmod:90:- fchmod:91:52 fchmodat:268:53 fchmodat2:452:452 chown:92:- fchown:93:55 lchown:94:- fchownat:260:54
    utime:132:- utimes:235:- futimesat:261:- utimensat:280:88 setxattr:188:5 lsetxattr:189:6 fsetxattr:190:7
    removexattr:197:14 lremovexattr:198:15 fremovexattr:199:16 listxattr:194:11 llistxattr:195:12 flistxattr:196:13
    flock:73:32 sync:162:81 syncfs:306:267 setpriority:141:140 ioprio_set:251:30 sched_setscheduler:144:119
    sched_setparam:142:118 sched_setattr:314:274
"""
"""Report success but do nothing: Landlock does not cover them, and ``shutil.copy2`` must not fail.

Locks on files that all sessions may read would be visible to other sessions; within one session, which is a single
process, they have no use.
"""

REFUSED: Final = """
    fork:57:- vfork:58:- execve:59:221 execveat:322:281 symlink:88:- symlinkat:266:36 link:86:- linkat:265:37
    mknod:133:- mknodat:259:33 connect:42:203 bind:49:200 listen:50:201 accept:43:202 accept4:288:242 ptrace:101:117
    process_vm_readv:310:270 process_vm_writev:311:271 mount:165:40 umount2:166:39 pivot_root:155:41 chroot:161:51
    setuid:105:146 setgid:106:144 setreuid:113:145 setregid:114:143 setresuid:117:147 setresgid:119:149
    setgroups:116:159 setfsuid:122:151 setfsgid:123:152 setsid:112:157 setpgid:109:154 capset:126:91 unshare:272:97
    setns:308:268 personality:135:92 rt_sigqueueinfo:129:138 rt_tgsigqueueinfo:297:240 pidfd_open:434:434
    pidfd_getfd:438:438 pidfd_send_signal:424:424 mincore:27:232
"""
"""Refused with EPERM, which reads better in a traceback than ENOSYS."""

CHECKED: Final = """
    open:2:- openat:257:56 truncate:76:45 fcntl:72:25 ioctl:16:29 prctl:157:167 clone:56:220 kill:62:129
    tkill:200:130 tgkill:234:131 prlimit64:302:261 sched_setaffinity:203:122 socket:41:198 socketpair:53:199
    sendto:44:206
"""
"""Decided by their arguments: see `gradjudge.session.jail.seccomp`."""

MACHINES: Final = ("x86_64", "aarch64")


def numbers(table: str, machine: str) -> dict[str, int]:
    """Return the numbers of one table on one machine, by name."""
    column = 1 + MACHINES.index(machine)
    entries = (entry.split(":") for entry in table.split())
    return {entry[0]: int(entry[column]) for entry in entries if entry[column] != "-"}
