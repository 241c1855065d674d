import ctypes, os, sys, resource
sys.path.insert(0, os.getcwd())
from graders.harness.worker import confinement as c, landlock, policy, seccomp
from graders.harness.supervisor import users
root=os.getcwd()
plan=c.make_plan(root, traceable=True)
def cuda():
    l=ctypes.CDLL("libcuda.so.1")
    r=l.cuInit(0)
    if r: return f"cuInit {r}"
    ctx=ctypes.c_void_p(); r=l.cuDevicePrimaryCtxRetain(ctypes.byref(ctx),0)
    if r: return f"ctx {r}"
    p=ctypes.c_void_p(); l.cuCtxSetCurrent(ctx); r=l.cuMemAlloc_v2(ctypes.byref(p), ctypes.c_size_t(1<<20)); return f"alloc {r}"
def run(name, f):
    pid=os.fork()
    if pid==0:
        try: f(); print(name, cuda(), flush=True)
        except BaseException as e: print(name, repr(e), flush=True)
        os._exit(0)
    os.waitpid(pid,0)
def nnp(): c._prctl(38,1)
def files(extra=(), drop=()):
    def g():
        nnp(); rules=[r for r in plan.rules if r[0] not in drop]+list(policy.own_rules("/tmp",""))+list(extra); landlock.restrict(rules, plan.landlock_abi)
    return g
W=landlock.WRITE
run("nothing", lambda: None)
run("limits", c._limits)
run("user", lambda: (c._own_user(61300), c._undumpable(plan)))
run("caps", c._drop_capabilities)
run("seccomp", lambda: (nnp(), c._system_calls(plan)))
run("files", files())
run("files abi5", lambda: (nnp(), landlock.restrict([*plan.rules,*policy.own_rules("/tmp","")],5)))
run("files abi4", lambda: (nnp(), landlock.restrict([*plan.rules,*policy.own_rules("/tmp","")],4)))
run("files+/dev", files([("/dev",W|landlock.DEVICE)]))
run("files+/proc", files([("/proc",W)]))
run("files+/sys", files([("/sys",W)]))
run("files+/etc", files([("/etc",W)]))
run("files+/tmp+var+run", files([("/tmp",W),("/var",W),("/run",W)]))
run("files+/usr rw", files([("/usr",W)]))
run("files+/root", files([("/root",W)]))
run("files+all", files([("/",W|landlock.DEVICE)]))
run("files+dev+proc", files([("/dev",W|landlock.DEVICE),("/proc",W)]))
import subprocess
for name in seccomp.REFUSED:
    pass
print([r for r in plan.rules if r[0].startswith("/dev")])
keep=seccomp.REFUSED
half=len(keep)//2
def without(names):
    seccomp.REFUSED=tuple(n for n in keep if n not in names)
    return seccomp.compile_filter([1], shared_memory=True)
for n in ("socket","name_to_handle_at","pidfd_open","process_vm_readv","ptrace","kcmp","modify_ldt","ioperm","mount","syslog","userfaultfd","perf_event_open"):
    prog=without([n]); run("seccomp-"+n, lambda: (nnp(), seccomp.install(prog)))
