from lifelines import KaplanMeierFitter

print(KaplanMeierFitter())
