# %%
#right
# %%
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
parent, buffer = os.getppid(), ctypes.create_string_buffer(4096)
vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 4096)
for request in (16, 0x4206, 0):  # attach, seize, be traced
    print("ptrace", libc.ptrace(request, parent, 0, 0), ctypes.get_errno())
print("read", libc.process_vm_readv(parent, vector, 1, vector, 1, 0), ctypes.get_errno())
print("write", libc.process_vm_writev(parent, vector, 1, vector, 1, 0), ctypes.get_errno())
print("kcmp", libc.syscall(312, parent, os.getpid(), 0, 3, 3), ctypes.get_errno())
for descriptor in range(32):
    print("getfd", libc.syscall(438, libc.syscall(434, parent, 0), descriptor, 0), ctypes.get_errno())
