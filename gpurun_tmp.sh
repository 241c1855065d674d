python3 bisect_tmp.py
for n in "$@"; do timeout 100 python3 grade.py --submission reference --device cuda --report json:$OUT/$n.json $n > $OUT/$n.txt 2>&1; echo "== $n"; grep -v "^  passed" $OUT/$n.txt | head -40; done
cat $OUT/*.txt > $OUT/all.out; rm $OUT/*.txt
python3 - <<'P'
import json,glob,os
o=os.environ["OUT"]; a={}
for f in glob.glob(o+"/*.json"):
    a[os.path.basename(f)]=json.load(open(f)); os.remove(f)
json.dump(a,open(o+"/all.json","w"))
e=next(iter(a.values()))["environment"]; print(e["layers"],e["missing_layers"])
P
