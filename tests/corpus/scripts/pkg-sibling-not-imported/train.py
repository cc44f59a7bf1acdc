from sklearn.linear_model import LinearRegression

print(LinearRegression().fit([[1], [2]], [1, 2]).coef_)
